/** `up` runs provisioning as a process of its own: its log is shown only when it fails, and nothing of it stays in memory. */
import { provision } from './provision.ts'

await provision(process.env as Record<string, string>)
process.exit(0)
