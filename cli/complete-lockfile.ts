/**
 * Adds to package-lock.json the optional packages of other platforms that a registry mirror did not serve when it was made: npm ci
 * takes a lock file without them for one that is out of step with package.json. They are never fetched where os or cpu differ,
 * and carry no hash, because nobody has seen them. Run it after every change of the lock file: `node cli/complete-lockfile.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

interface LockedPackage {
  version?: string
  dev?: boolean
  optionalDependencies?: Record<string, string>
}

const systems: Record<string, string> = { windows: 'win32', linuxmusl: 'linux' }
for (const name of 'darwin win32 linux android freebsd openharmony netbsd openbsd sunos aix'.split(' '))
  systems[name] = name
const processors: Record<string, string> = { aarch64: 'arm64', armv7: 'arm' }
for (const name of 'arm64 x64 ia32 arm ppc64 s390x riscv64 loong64 mips64el wasm32'.split(' ')) processors[name] = name

const file = resolve(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> }
const added = Object.entries(lock.packages).flatMap(([path, locked]) => missingOf(path, locked))
for (const { key, entry } of added) lock.packages[key] = entry
const [root, ...rest] = Object.entries(lock.packages)
lock.packages = Object.fromEntries([root!, ...rest.toSorted(([a], [b]) => (a < b ? -1 : 1))])
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added.length} packages of other platforms added`)

function missingOf(path: string, locked: LockedPackage): { key: string; entry: LockedPackage }[] {
  return Object.entries(locked.optionalDependencies ?? {}).flatMap(([name, range]) => {
    const key = `node_modules/${name}`
    if (lock.packages[key] !== undefined || lock.packages[`${path}/${key}`] !== undefined) return []
    const version = /\d+\.\d+\.\d+[\w.-]*/.exec(range)?.[0]
    if (version === undefined) throw new Error(`no version in ${name}@${range}`)
    return [
      {
        key,
        entry: { version, ...(locked.dev ? { dev: true } : {}), optional: true, ...platformOf(name) } as LockedPackage,
      },
    ]
  })
}

/** Where a package runs, told by its name: @oxlint/binding-linux-arm-gnueabihf. */
function platformOf(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } {
  const words = name.split(/[/\-_.]/).map((word) => word.replace(/(gnu|musl)?eabi(hf)?$/, ''))
  const os = name.endsWith('fsevents') ? 'darwin' : words.map((word) => systems[word]).find(Boolean)
  const cpu = words.map((word) => processors[word]).find(Boolean)
  return {
    ...(os ? { os: [os] } : {}),
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(name.includes('musl') ? { libc: ['musl'] } : {}),
  }
}
