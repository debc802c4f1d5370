import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startBroker } from '../../src/broker/index.ts'
import { defaultCacheDir, resolveJars } from '../../src/broker/jars.ts'
import { javaMajor } from '../../src/broker/java.ts'
import { lockDataDir } from '../../src/broker/lock.ts'
import { identify } from '../../src/broker/process-identity.ts'
import { parseProperties, propertiesText, serverProperties } from '../../src/broker/properties.ts'
import { caught, useDir, useEnv } from './support.ts'

/** A program of this name in a PATH of its own; `script` is sh. */
async function usePathWith(name: string, script: string): Promise<string> {
  const dir = await useDir()
  await writeFile(join(dir, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(dir, name), 0o755)
  return dir
}

test('JAVA_MISSING: none, or one that is too old', async () => {
  useEnv({ JAVA_HOME: undefined, PATH: await useDir() })
  const none = await caught(startBroker())
  expect(none.code).toBe('JAVA_MISSING')
  expect(none.message).toContain('Java 17')
  useEnv({ PATH: await usePathWith('java', `echo 'java version "1.8.0_402"' >&2`) })
  const old = await caught(startBroker())
  expect(old.code).toBe('JAVA_MISSING')
  expect(old.message).toContain('1.8.0_402')
  expect([javaMajor('1.8.0_402'), javaMajor('17.0.15'), javaMajor('25'), javaMajor('25-ea')]).toEqual([
    8, 17, 25, 25,
  ])
})

test('MAVEN_MISSING: only when the jars are not there yet', async () => {
  const cacheDir = await useDir()
  useEnv({ JAVA_HOME: undefined, PATH: await usePathWith('java', `echo 'openjdk version "17.0.1"' >&2`) })
  const error = await caught(startBroker({ cacheDir }))
  expect(error.code).toBe('MAVEN_MISSING')
  expect(error.message).toContain('Install Maven')
  expect(await readdir(cacheDir)).toEqual([])
})

test('KAFKA_DOWNLOAD_FAILED: quotes Maven, and leaves nothing that looks complete', async () => {
  const cacheDir = await useDir()
  const bin = await usePathWith('mvn', 'echo "[ERROR] no route to host"; exit 1')
  useEnv({ PATH: `${bin}:${process.env.PATH}` })
  const error = await caught(resolveJars(cacheDir, () => {}))
  expect(error.code).toBe('KAFKA_DOWNLOAD_FAILED')
  expect(error.message).toContain('no route to host')
  expect(await readdir(cacheDir)).toEqual([])
})

test('jars: two at once end in one complete folder; one that lost a jar is brought again', async () => {
  const cacheDir = await useDir()
  // Stands in for Maven: the real one is used by every other broker test, from an empty cache at least once.
  const bin = await usePathWith(
    'mvn',
    'for last; do :; done; sleep 0.2; echo x >"$(echo "$last" | cut -d= -f2)/kafka_2.13-4.2.0.jar"',
  )
  useEnv({ PATH: `${bin}:${process.env.PATH}` })
  const lines: string[] = []
  const both = await Promise.all([1, 2].map(() => resolveJars(cacheDir, (line) => lines.push(line))))
  expect(both).toEqual([join(cacheDir, 'jars'), join(cacheDir, 'jars')])
  expect(await readdir(cacheDir)).toEqual(['jars'])
  const told = lines.length
  await resolveJars(cacheDir, (line) => lines.push(line))
  expect(lines.length).toBe(told)
  await rm(join(cacheDir, 'jars', 'kafka_2.13-4.2.0.jar'))
  await resolveJars(cacheDir, (line) => lines.push(line))
  expect(lines.length).toBeGreaterThan(told)
  expect(await readdir(cacheDir)).toEqual(['jars'])
})

test('the cache folder follows XDG_CACHE_HOME, unless that is relative', () => {
  useEnv({ XDG_CACHE_HOME: '/var/cache/me' })
  expect(defaultCacheDir()).toBe('/var/cache/me/kafka-agent-runner/kafka-4.2.0')
  useEnv({ XDG_CACHE_HOME: 'relative' })
  expect(defaultCacheDir()).toMatch(/^\/.*\.cache\/kafka-agent-runner\/kafka-4\.2\.0$/)
})

test('DATA_DIR_DAMAGED: a folder that is not ours is refused and left as it was', async () => {
  const foreign = await useDir()
  await writeFile(join(foreign, 'thesis.txt'), 'years of work')
  expect((await caught(startBroker({ dataDir: foreign }))).code).toBe('DATA_DIR_DAMAGED')
  expect(await readdir(foreign)).toEqual(['thesis.txt'])
  const garbled = await useDir()
  await writeFile(join(garbled, 'kafka-agent-runner.json'), '{"version":1,')
  expect((await caught(startBroker({ dataDir: garbled }))).code).toBe('DATA_DIR_DAMAGED')
  expect((await caught(startBroker({ dataDir: join(foreign, 'thesis.txt') }))).code).toBe('DATA_DIR_DAMAGED')
})

test('the lock: a dead owner, a reused pid and a garbled file hold nobody; a living owner does', async () => {
  const dir = await useDir()
  const path = join(dir, 'broker.lock')
  const reused = { pid: process.pid, started: 'another time' }
  for (const stale of [JSON.stringify({ owner: reused, jvms: [reused] }), '', '{']) {
    await writeFile(path, stale)
    const lock = await lockDataDir(dir, 0)
    expect((await caught(lockDataDir(dir, 0))).code).toBe('DATA_DIR_IN_USE')
    lock.release()
    lock.release()
    expect(await readdir(dir)).toEqual([])
  }
  const orphan = await identify(process.pid)
  await writeFile(path, JSON.stringify({ owner: reused, jvms: [orphan] }))
  expect((await caught(lockDataDir(dir, 0))).code).toBe('DATA_DIR_IN_USE')
})

test('CONFIG_INVALID: wrong options, and another number of nodes than the folder holds', async () => {
  for (const options of [{ nodes: 2 }, { port: 0 }, { port: 1.5 }, { heapMib: 10 }]) {
    expect((await caught(startBroker(options))).code).toBe('CONFIG_INVALID')
  }
  const dataDir = await useDir()
  await mkdir(join(dataDir, 'node-1'))
  const nodes = [{ id: 1, port: 20_000, controllerPort: 20_001 }]
  const layout = { version: 1, kafka: '4.2.0', clusterId: 'x', formatted: true, nodes }
  await writeFile(join(dataDir, 'kafka-agent-runner.json'), JSON.stringify(layout))
  expect((await caught(startBroker({ dataDir, nodes: 3 }))).code).toBe('CONFIG_INVALID')
  expect((await caught(startBroker({ dataDir }))).code).toBe('DATA_DIR_DAMAGED')
})

test('properties: loopback only, replicas by nodes, overrides win, text survives the way', () => {
  const cluster = [1, 2, 3].map((id) => ({ id, port: 20_000 + id, controllerPort: 21_000 + id }))
  const three = serverProperties(cluster[1]!, cluster, '/d', { 'num.io.threads': '3', 'node.id': '9' })
  expect(three).toMatchObject({
    'node.id': '9',
    'num.io.threads': '3',
    listeners: 'PLAINTEXT://127.0.0.1:20002,CONTROLLER://127.0.0.1:21002',
    'controller.quorum.voters': '1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003',
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
  })
  const one = serverProperties(cluster[0]!, [cluster[0]!], '/d')
  expect(one).toMatchObject({ 'default.replication.factor': '1', 'min.insync.replicas': '1' })
  expect(parseProperties(propertiesText(three))).toEqual(three)
})
