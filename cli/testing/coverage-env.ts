/**
 * Makes Node write what a process ran into a folder. Code that was compiled before does not say which of its branches ran,
 * so each process compiles its own.
 */
export function coverageEnv(folder: string | undefined): Record<string, string> {
  return folder ? { NODE_V8_COVERAGE: folder, NODE_DISABLE_COMPILE_CACHE: '1' } : {}
}
