#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { EXIT } from './exit-codes.ts'
import { describeFailure } from './failure.ts'
import { OUTPUT_FORMATS } from './output.ts'

/** A command's module: imported when the command is called, so that `--help` loads none of them. */
interface CommandModule<Options> {
  run(options: Options): Promise<number>
}

const program = new Command('engageops')
  .description('Segment Engage in your data warehouse, declared in YAML: schemas, tables and syncs.')
  .version(version(), '-V, --version', 'print the version')
  .option('-v, --verbose', 'print stack traces with errors')
  .helpOption('-h, --help', 'print help')
  .helpCommand(false)
  .showHelpAfterError('(add --help to see how it is used)')
  .exitOverride()
  .addHelpText('after', examples('engageops validate -f examples/quickstart', 'engageops crds | kubectl apply -f -'))
  .addHelpText('after', exitCodes())

command('validate', 'check manifests, and print every error with its line', () => import('./validate.ts'))
  .addOption(filename())
  .addOption(output())
  .addHelpText('after', examples('engageops validate -f warehouse/', 'cat *.yaml | engageops validate -f -'))

command('crds', 'print the custom resource definitions, for kubectl apply', () => import('./crds.ts')).addHelpText(
  'after',
  examples('engageops crds | kubectl apply --server-side -f -'),
)

function command<Options>(name: string, description: string, load: () => Promise<CommandModule<Options>>): Command {
  return program
    .command(name)
    .description(description)
    .action(async (options: Options) => {
      const { run } = await load()
      process.exitCode = await run(options)
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

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function exitCodes(): string {
  const lines = Object.values(EXIT).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}\n`)
  return `Exit codes:\n${lines.join('')}`
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return manifest.version
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
    process.stderr.write(describeFailure(error, program.opts<{ verbose?: true }>().verbose === true))
    process.exitCode = EXIT.failed.code
  }
}
