/**
 * Makes proto/gen from proto/gochat with buf and protobuf-es. `--check` changes nothing and fails when the committed
 * code is not what the contracts give.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

if (process.argv.includes('--check')) check()
else generate(root)

function generate(output: string): void {
  execFileSync('buf', ['lint'], { cwd: root, stdio: 'inherit' })
  execFileSync('buf', ['generate', '--output', output], { cwd: root, stdio: 'inherit' })
}

function check(): void {
  const fresh = mkdtempSync(join(tmpdir(), 'gochat-gen-'))
  try {
    generate(fresh)
    const stale = differences(join(fresh, 'proto/gen'), join(root, 'proto/gen'))
    if (stale.length === 0) return
    console.error(`proto/gen is not fresh; run \`npm run gen\`:\n  ${stale.join('\n  ')}`)
    process.exitCode = 1
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function differences(left: string, right: string): string[] {
  const names = new Set([...filesOf(left), ...filesOf(right)])
  return [...names].filter((name) => contentOf(left, name) !== contentOf(right, name)).sort()
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
}

function contentOf(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}
