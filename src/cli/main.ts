#!/usr/bin/env -S node --max-semi-space-size=16
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option, type OptionValues } from 'commander'
import { CALL_KINDS } from '../engage/generate.ts'
import { isLabelSelector } from '../kube/label-selector.ts'
import { EXIT } from './exit-codes.ts'
import type { OperatorCliOptions } from './operator.ts'
import { OUTPUT_FORMATS } from './output.ts'
import { version } from './version.ts'

/** A command's module: imported when the command is called, so that `--help` loads none of them. */
interface CommandModule<Options> {
  run(options: Options, ...operands: string[]): Promise<number>
}

const program = new Command('engageops')
  .description('Segment Engage in your data warehouse, declared in YAML: schemas, tables and syncs.')
  .version(version(), '-V, --version', 'print the version')
  .option('-v, --verbose', 'print stack traces with errors')
  .helpOption('-h, --help', 'print help')
  .helpCommand(false)
  .showHelpAfterError('(add --help to see how it is used)')
  .exitOverride()
  .addHelpText('after', examples('engageops plan -f examples/quickstart', 'engageops apply -f examples/quickstart'))
  .addHelpText('after', exitCodes())

command('validate', 'check manifests, and print every error with its line', () => import('./validate.ts'))
  .addOption(filename())
  .addOption(output())
  .addHelpText('after', examples('engageops validate -f warehouse/', 'cat *.yaml | engageops validate -f -'))

command('plan', 'show the SQL that apply would run; touches nothing', () => import('./plan.ts'))
  .addOption(filename())
  .addOption(secrets())
  .addOption(output())
  .addHelpText('after', examples('engageops plan -f warehouse/', 'engageops plan -f warehouse/ -o json'))

command('apply', 'make schemas and tables as the manifests declare', () => import('./apply.ts'))
  .addOption(filename())
  .addOption(secrets())
  .addOption(output())
  .option('--prune', 'delete resources that have left the folder')
  .addOption(
    new Option('--force-orphan', 'as --prune, but drop no table: for activations whose warehouse is gone').implies({
      prune: true,
    }),
  )
  .option('-y, --yes', 'do not ask, and approve changes that lose data')
  .addHelpText('after', examples('engageops apply -f warehouse/', 'engageops apply -f warehouse/ --prune --yes'))

command('sync', 'load what is new in the sources, now', () => import('./sync.ts'))
  .addOption(filename())
  .addOption(secrets())
  .addOption(output())
  .option('--space <name>', 'only this space, NAME or NAMESPACE/NAME')
  .option('--destination <name...>', 'only into these destinations, NAME or NAMESPACE/NAME')
  .addHelpText(
    'after',
    examples('engageops sync -f warehouse/', 'engageops sync -f warehouse/ --destination reporting'),
  )

command('replay', 'load again what syncs discarded, after a fix', () => import('./replay.ts'))
  .addOption(filename())
  .addOption(secrets())
  .addOption(output())
  .option('--space <name>', 'only this space, NAME or NAMESPACE/NAME')
  .option('--destination <name...>', 'only into these destinations, NAME or NAMESPACE/NAME')
  .addHelpText('after', examples('engageops replay -f warehouse/'))

command('up', 'apply, then sync on the declared schedules until Ctrl-C', () => import('./up.ts'))
  .addOption(filename())
  .addOption(secrets())
  .addHelpText('after', examples('engageops up -f warehouse/'))

command('status', 'show resources as kubectl get does', () => import('./status.ts'))
  .addOption(filename())
  .addOption(namespace())
  .addOption(secrets())
  .addOption(output())
  .addHelpText('after', examples('engageops status -f warehouse/', 'engageops status -f warehouse/ -n team-a -o yaml'))

command('history', 'show past syncs and when the next one is due', () => import('./history.ts'))
  .addOption(filename())
  .addOption(namespace())
  .addOption(secrets())
  .addOption(output())
  .addHelpText('after', examples('engageops history -f warehouse/'))

command(
  'grants <destination>',
  'print the SQL that gives a destination the least it needs',
  () => import('./grants.ts'),
)
  .addOption(filename())
  .addOption(output())
  .addHelpText('after', examples('engageops grants reporting -f warehouse/', 'engageops grants team-a/reporting -f .'))

command('crds', 'print the custom resource definitions, for kubectl apply', () => import('./crds.ts')).addHelpText(
  'after',
  examples('engageops crds | kubectl apply --server-side -f -'),
)

command(
  'render <stack...>',
  'print the manifests of synthesized Terraform stacks (cdk.tf.json) as YAML',
  () => import('./render.ts'),
).addHelpText('after', examples('engageops render cdktf.out/stacks/main/cdk.tf.json | engageops validate -f -'))

command(
  'generate-events',
  'write made-up Engage calls for trials: the same seed gives the same calls',
  () => import('./generate-events.ts'),
)
  .addOption(new Option('--count <calls>', 'how many calls').argParser(wholeNumber(0)).default(1000))
  .addOption(new Option('--seed <number>', 'seed of the generator').argParser(wholeNumber(0)).default(1))
  .addOption(new Option('--users <users>', 'how many users they are about').argParser(wholeNumber(1)).default(100))
  .addOption(new Option('--properties <count>', 'further properties of each').argParser(wholeNumber(0)).default(4))
  .addOption(new Option('--kinds <kind...>', 'kinds of calls').choices(CALL_KINDS).default(CALL_KINDS, 'all'))
  .addOption(
    new Option('--start <time>', 'time of the first call').argParser(time).default(new Date('2026-01-01T00:00:00Z')),
  )
  .addOption(
    new Option('--out <file>', 'file to write, compressed if it ends in .gz; default: standard output').argParser(
      fileToWrite,
    ),
  )
  .addHelpText('after', examples('engageops generate-events --count 1000000 --users 50000 --out calls/trial.ndjson.gz'))

command('operator', 'run the operator in a Kubernetes cluster, until SIGTERM', () => import('./operator.ts'))
  .addOption(new Option('--watch-namespaces <names>', 'only these namespaces, with commas').argParser(names))
  .addOption(
    new Option('--selector <labels>', 'only resources with these labels: one shard of several').argParser(labels),
  )
  .option('--watch-secrets', 'try new passwords at once; needs the right to list and watch Secrets')
  .addOption(new Option('--sync-image <image>', 'image of sync pods').env('ENGAGEOPS_IMAGE').makeOptionMandatory())
  .addOption(
    new Option('--sync-image-pull-policy <policy>', 'when nodes pull that image').choices([
      'Always',
      'IfNotPresent',
      'Never',
    ]),
  )
  .addOption(
    new Option('--workers <count>', 'spaces and destinations worked on at once').argParser(wholeNumber(1)).default(8),
  )
  .addOption(new Option('--metrics-port <port>', 'port of /metrics').argParser(port).default(8080))
  .addOption(new Option('--health-port <port>', 'port of /livez and /readyz').argParser(port).default(8081))
  .addOption(
    new Option(
      '--lease-name <name>',
      'Lease that says who leads; operators of one namespace that look after different resources need one each',
    ).default('engageops-operator'),
  )
  .addOption(logLevel())
  .hook('preAction', (operator) => {
    const { metricsPort, healthPort } = operator.opts<OperatorCliOptions>()
    if (metricsPort !== healthPort) return
    operator.error(`error: --metrics-port and --health-port are both ${healthPort}: give each a port of its own`)
  })

command(
  'sync-pod',
  'do one sync in a pod, as the mounted work order says; CronJobs run it',
  () => import('./sync-pod.ts'),
)
  .addOption(new Option('--run-id <id>', 'id of the run').env('ENGAGEOPS_RUN_ID').makeOptionMandatory())
  .addOption(new Option('--holder <name>', 'who runs it').env('ENGAGEOPS_HOLDER').makeOptionMandatory())
  .addOption(logLevel())

function command<Options extends OptionValues>(
  name: string,
  description: string,
  load: () => Promise<CommandModule<Options>>,
): Command {
  return program
    .command(name)
    .description(description)
    .action(async function (this: Command) {
      const { run } = await load()
      process.exitCode = await run(this.opts<Options>(), ...this.args)
    })
}

function filename(): Option {
  return new Option(
    '-f, --filename <path...>',
    'file or folder with manifests, - for standard input; repeatable',
  ).makeOptionMandatory()
}

function output(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table')
}

function secrets(): Option {
  return new Option('--secrets <folder>', 'folder of secrets, one file <name>/<key> each')
}

function logLevel(): Option {
  return new Option('--log-level <level>', 'what to log')
    .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
}

/** Names between commas, each once; empty is none. */
function names(text: string): string[] | undefined {
  const found = new Set(text.split(',').flatMap((name) => name.trim() || []))
  return found.size > 0 ? [...found] : undefined
}

function labels(text: string): string {
  if (isLabelSelector(text)) return text
  throw new InvalidArgumentError('Write labels such as "shard=a", "tier in (x, y)" or "!legacy", with commas between.')
}

function namespace(): Option {
  return new Option('-n, --namespace <name>', 'only resources of this namespace')
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Write a whole number, ${least} or more.`)
  }
}

function port(text: string): number {
  const value = wholeNumber(1)(text)
  if (value <= 65_535) return value
  throw new InvalidArgumentError('Write a port, 65535 or less.')
}

function time(text: string): Date {
  const value = new Date(text)
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError('Write a time such as 2026-01-01T00:00:00Z.')
  return value
}

/** A file that can be made, or written anew, in a folder that is there. */
function fileToWrite(text: string): string {
  const folder = path.dirname(text)
  if (!isFolder(folder)) throw new InvalidArgumentError(`There is no folder ${folder}: make it, or write another.`)
  if (isFolder(text)) throw new InvalidArgumentError('It is a folder: write a file.')
  try {
    accessSync(existsSync(text) ? text : folder, constants.W_OK)
  } catch {
    throw new InvalidArgumentError('You may not write it: write another, or change its rights.')
  }
  return text
}

const isFolder = (text: string): boolean => statSync(text, { throwIfNoEntry: false })?.isDirectory() === true

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function exitCodes(): string {
  const lines = Object.values(EXIT).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}\n`)
  return `Exit codes:\n${lines.join('')}`
}

// A reader that has enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok.code)
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok.code : EXIT.usage.code
  } else {
    const { describeFailure } = await import('./failure.ts')
    const { text, code } = describeFailure(error, program.opts<{ verbose?: true }>().verbose === true)
    process.stderr.write(text)
    process.exitCode = code
  }
}
