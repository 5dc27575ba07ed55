/** Everything that the worker can run, by its workflow type. */
export { deadLetter } from './dead-letter.ts'
