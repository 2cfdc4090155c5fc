import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mavenJars } from '../../tools/maven-jars.ts'
import { pythonVenv } from '../../tools/python-venv.ts'

export interface Spark {
  /** Port on 127.0.0.1 of its Thrift server: binary, no authentication. */
  port: number
  stop(): Promise<void>
}

const START_MS = 120_000

/** A Spark with Delta Lake and an empty catalog. It takes some 10 s to start, and 1.2 GB. */
export async function startSpark(): Promise<Spark> {
  const [python, jars] = await Promise.all([pythonVenv(import.meta.dirname), mavenJars(import.meta.dirname)])
  const folder = await mkdtemp(path.join(tmpdir(), 'engageops-spark-'))
  const port = await freePort()
  const classPath = (await readdir(jars)).map((jar) => path.join(jars, jar)).join(':')
  const log = path.join(folder, 'log')
  const home = await sparkHome(python)
  const child = spawn(path.join(home, 'bin/spark-submit'), sparkArguments({ folder, port, classPath }), {
    cwd: folder,
    env: { ...process.env, SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1', SPARK_LOCAL_HOSTNAME: 'localhost' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = createWriteStream(log)
  for (const stream of [child.stdout, child.stderr]) stream.pipe(output, { end: false })
  const ended = once(child, 'exit')
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + START_MS
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const said = (await readFile(log, 'utf8')).slice(-2000)
      await stop()
      throw new Error(`Spark did not start: ${said}`)
    }
    await sleep(100)
  }
  return { port, stop }
}

async function sparkHome(python: string): Promise<string> {
  const lib = path.join(path.dirname(python), '../lib')
  const [version = ''] = (await readdir(lib)).filter((name) => name.startsWith('python3'))
  return path.join(lib, version, 'site-packages/pyspark')
}

/** HTTP mode would listen on all interfaces, so binary; all that Spark writes goes below the folder. */
function sparkArguments({ folder, port, classPath }: { folder: string; port: number; classPath: string }): string[] {
  const settings = {
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.ui.enabled': 'false',
    'spark.local.dir': folder,
    'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
    'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
    'spark.sql.warehouse.dir': path.join(folder, 'warehouse'),
    'spark.sql.sources.default': 'delta',
    'spark.sql.ansi.enabled': 'true',
    // Small tables: compiling statements would take longer than running them.
    'spark.sql.codegen.wholeStage': 'false',
    'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
    'spark.sql.adaptive.enabled': 'false',
    'spark.sql.shuffle.partitions': '1',
    'spark.databricks.delta.snapshotPartitions': '1',
    'spark.log.level': 'WARN',
    'spark.driver.extraJavaOptions': `-Dderby.system.home=${folder} -Djava.io.tmpdir=${folder} -XX:TieredStopAtLevel=1`,
  }
  const hive = {
    'hive.server2.transport.mode': 'binary',
    'hive.server2.thrift.bind.host': '127.0.0.1',
    'hive.server2.thrift.port': `${port}`,
    'hive.server2.authentication': 'NOSASL',
  }
  return [
    ...['--master', 'local[2]', '--driver-memory', '1g', '--driver-class-path', classPath],
    ...['--class', 'org.apache.spark.sql.hive.thriftserver.HiveThriftServer2', '--name', 'databricks-test-server'],
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    'spark-internal',
    ...Object.entries(hive).flatMap(([name, value]) => ['--hiveconf', `${name}=${value}`]),
  ]
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
