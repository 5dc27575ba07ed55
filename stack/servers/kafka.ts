import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { cacheDir, findProgram, requireProgram } from '../find.ts'
import { serverPort } from '../profile.ts'
import { run } from '../run.ts'
import type { ServerDefinition } from '../server.ts'
import { withTimeout } from '../wait.ts'
import { brokerSettings, LOG_SETTINGS, POM, VERSION } from './kafka-files.ts'

const LIBS = cacheDir(`kafka-${VERSION}`)

/** One KRaft node, broker and controller. The jars come from Maven Central; no distribution archive is needed. */
export const kafka: ServerDefinition = {
  name: 'kafka',
  title: 'Kafka',
  variable: 'GOCHAT_KAFKA_BROKERS',
  address: ({ profile }) => `127.0.0.1:${serverPort(profile, 'kafka')}`,
  ports: (profile) => ({ broker: serverPort(profile, 'kafka'), controller: serverPort(profile, 'kafkaController') }),

  async find() {
    const java = await findProgram('java')
    const libs = (await distributionLibs()) ?? ((await hasBroker(LIBS)) ? LIBS : undefined)
    return java && libs ? { java, libs } : undefined
  },

  async install(report) {
    await requireProgram('java', 'Kafka needs Java 17: apt-get install openjdk-17-jdk-headless')
    const maven = await requireProgram('mvn', 'Kafka is fetched with Maven: apt-get install maven')
    report(`fetching ${VERSION} through Maven`)
    const work = `${LIBS}.new`
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    await writeFile(join(work, 'pom.xml'), POM)
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.7.1:copy-dependencies'
    await run(maven, ['-q', '-B', '-DincludeScope=runtime', '-DoutputDirectory=.', goal], {
      cwd: work,
      timeoutMs: 10 * 60_000,
      hint: 'Is the Maven repository reachable?',
    })
    await rename(work, LIBS)
  },

  async prepare({ profile, credentials, dir }, found) {
    const file = join(dir, 'server.properties')
    const logSettings = join(dir, 'log4j2.xml')
    const ports = { broker: serverPort(profile, 'kafka'), controller: serverPort(profile, 'kafkaController') }
    await writeFile(file, brokerSettings(join(dir, 'data'), ports))
    await writeFile(logSettings, LOG_SETTINGS)
    const java = found['java']!
    const common = ['-Djava.awt.headless=true', `-Dlog4j2.configurationFile=file:${logSettings}`]
    const classpath = ['-cp', `${found['libs']}/*`]
    if (!(await readdir(join(dir, 'data')).catch((): string[] => [])).includes('meta.properties')) {
      const format = [
        'kafka.tools.StorageTool',
        'format',
        '--ignore-formatted',
        '-t',
        credentials.kafkaClusterId,
        '-c',
        file,
      ]
      await run(java, ['-Xmx128m', ...common, ...classpath, ...format], { timeoutMs: 60_000 })
    }
    const memory = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:MaxDirectMemorySize=128m']
    return {
      command: java,
      args: [...memory, ...common, ...classpath, 'kafka.Kafka', file],
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 30_000,
    }
  },

  async probe(address, timeoutMs) {
    const client = new Kafka({
      brokers: address.split(','),
      logLevel: logLevel.NOTHING,
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      retry: { retries: 0 },
    })
    const admin = client.admin()
    try {
      const cluster = await withTimeout(
        admin.connect().then(() => admin.describeCluster()),
        timeoutMs,
        'Kafka',
      )
      if (cluster.brokers.length === 0) throw new Error('Kafka answers, but no broker is registered yet')
    } finally {
      await admin.disconnect().catch(() => {})
    }
  },
}

async function distributionLibs(): Promise<string | undefined> {
  const script = await findProgram('kafka-server-start.sh')
  const libs = script && join(dirname(dirname(script)), 'libs')
  return libs && (await hasBroker(libs)) ? libs : undefined
}

/** KRaft with our settings needs 4.x. */
async function hasBroker(libs: string): Promise<boolean> {
  return (await readdir(libs).catch(() => [])).some((file) => /^kafka_2\.13-4\..*\.jar$/.test(file))
}
