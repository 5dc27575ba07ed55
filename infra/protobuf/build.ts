/**
 * A function from generated code. All of the code is ours and of our schemas: no value of a message ever becomes part of it.
 * @param body returns what is built.
 */
export function build<T>(parameters: Readonly<Record<string, unknown>>, body: string): T {
  // oxlint-disable-next-line typescript/no-implied-eval -- engines make code for a shape they are told, not for one they look up
  return (new Function(...Object.keys(parameters), body) as (...values: unknown[]) => T)(...Object.values(parameters))
}
