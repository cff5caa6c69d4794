import { Command, CommanderError, Option } from 'commander'
import pc from 'picocolors'
import { SimcrankError, UsageError } from '../errors.js'
import type { CheckOptions } from './check.js'
import type { CorpusOptions } from './check-corpus.js'
import type { DoctorOptions } from './doctor.js'
import type { EvaluateCommandOptions } from './evaluate.js'
import type { IdentifyCommandOptions } from './identify.js'
import { Failure, type Io, packageManifest, toJson } from './io.js'
import * as value from './options.js'
import { printable } from './table.js'
import type { TrainCommandOptions } from './train.js'

/** Exit codes: the command did its work, it failed, it was called wrongly, it was interrupted. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const

/** The command line. Commands load when they run, so that `--help` is quick. */
function build(io: Io, argv: readonly string[]): Command {
  const program = new Command('simcrank')
    .description('Thousands of rigid-body worlds at once, and the physical parameters of your robot from its log.')
    .version(packageManifest().version)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .showHelpAfterError('(simcrank --help says more)')

  program
    .command('identify')
    .summary('physical parameters from recordings')
    .description(
      'Finds the physical parameters with which MODEL, given the recorded commands, moves as the recordings say.',
    )
    .argument('<model>', 'MJCF, URDF or saved Model')
    .argument('<recordings...>', 'CSV, JSON Lines, JSON or MCAP')
    .requiredOption('--space <file>', 'parameters to find, with bounds (JSON)')
    .option('--map <file>', 'what the columns of the recordings are (JSON)')
    .option('--holdout <files...>', 'recordings that only judge the result')
    .option('--params <file>', 'score these values instead of fitting (JSON)')
    .addOption(new Option('--method <name>', 'optimiser').choices(['cma-es', 'gauss-newton', 'both']).default('both'))
    .option(
      '--window <s>',
      'simulate windows of this length, each from a measured state; default: each recording whole',
      value.positive('seconds'),
    )
    .option('--stride <s>', 'from the start of one window to the next; default: the window', value.positive('seconds'))
    .option(
      '--filter <spec>',
      'zero-phase filter of the initial states: savitzky-golay:ORDER:SECONDS, butterworth:ORDER:HERTZ, difference',
      value.filter,
    )
    .addOption(
      new Option(
        '--initial <kind>',
        'initial states: uncertain takes their error out of the fit, exact fits as if they had none (least squares of what is scored)',
      )
        .choices(['uncertain', 'exact'])
        .default('uncertain'),
    )
    .addOption(
      new Option(
        '--restarts <kind>',
        'restarts of CMA-ES: growing populations, or large and small ones in turn',
      ).choices(['ipop', 'bipop']),
    )
    .option('--weight <channel=w>', 'weight of a channel; repeatable', value.weight('joint/elbow/qvel=0.1'))
    .option('--huber <n>', 'errors beyond this many standard deviations count linearly', value.positive(''))
    .option('--seed <n>', 'seed of everything random', value.seed, 0)
    .option('--workers <n>', 'threads, default all cores; the result does not depend on it', value.integer(1))
    .option('--evaluations <n>', 'parameter vectors simulated at most', value.integer(1))
    .option('--popsize <n>', 'candidates of a generation', value.integer(2))
    .option('--resume <file>', 'go on where an interrupted run stopped')
    .option('--out <dir>', 'write report.html, result.json, parameters.json, patch.json and model.simcrank there')
    .option('--json', 'print the result as JSON, and nothing else')
    .action(async (model: string, recordings: string[], options: IdentifyCommandOptions) => {
      const { identifyCommand } = await import('./identify.js')
      await identifyCommand(io, model, recordings, options, argv)
    })

  program
    .command('train')
    .summary('a policy for a task')
    .description(
      'Trains a policy on TASK inside the engine, by an evolution strategy. The same words give the same policy, bit for bit.',
    )
    .addHelpText(
      'after',
      '\nA task of the library comes with recommended settings; options stand over them one by one. --method, --policy or\n' +
        '--method-options take the place of how it would learn: method, its options, policy and normaliser together.',
    )
    .argument('<task>', 'a task of the library, or a .js, .mjs or .ts module whose default export is one')
    .option('--randomize <file>', 'physics drawn anew for each episode: parameters and their distribution (JSON)')
    .addOption(new Option('--method <name>', 'evolution strategy; default openai-es').choices(value.METHODS))
    .option('--method-options <key=value...>', 'popsize, sigma and what else the method takes', value.setting)
    .option('--policy <spec>', 'linear[:bias], mlp:32x32[:relu], gru:32, lstm:32; default mlp:32x32')
    .option(
      '--weights <term=w...>',
      'what a reward term counts in training, the others as recommended or 1; evaluations are of the reward itself',
      value.weight('healthy=0'),
    )
    .option('--start <file>', 'begin with this policy (.safetensors)')
    .addOption(
      new Option(
        '--backend <name>',
        'where worlds are simulated; default wasm, and with --resume where the run began',
      ).choices(['wasm', 'webgpu']),
    )
    .option('--workers <n>', 'threads of wasm, default all cores; the result does not depend on it', value.integer(1))
    .option('--seed <n>', 'seed of everything random; default 0', value.seed)
    .option('--episodes <n>', 'episodes of each member in a generation; default 1', value.integer(1))
    .option('--evaluate-every <n>', 'generations from one evaluation to the next; default 10', value.integer(1))
    .option('--evaluate-episodes <n>', 'episodes of an evaluation; default 16', value.integer(1))
    .option('--generations <n>', 'end after so many generations', value.integer(1))
    .option('--steps <n>', 'end after so many environment steps', value.positive(''))
    .option('--seconds <s>', 'end after so much time', value.positive('seconds'))
    .option('--target <return>', 'end at this mean return; default the score at which the task is solved', value.number)
    .option('--checkpoint-every <n>', 'generations from one checkpoint to the next; default 10', value.integer(1))
    .option(
      '--out <dir>',
      'write policy.safetensors, policy.ts, report.html, metrics.jsonl, config.json, checkpoints there',
    )
    .option('--resume', 'go on with the run in --out')
    .option('--json', 'print the result as JSON, and nothing else')
    .action(async (task: string, options: TrainCommandOptions) => {
      const { trainCommand } = await import('./train.js')
      await trainCommand(io, task, options, argv)
    })

  program
    .command('evaluate')
    .summary('how good a policy is')
    .description('Runs POLICY through episodes of TASK: its return, term by term, and what that depends on.')
    .argument('<policy>', 'policy.safetensors of a training run')
    .argument('<task>', 'a task of the library, or a .js, .mjs or .ts module whose default export is one')
    .option('--episodes <n>', 'episodes', value.integer(1), 100)
    .option('--randomize <file>', 'physics drawn anew for each episode: parameters and their distribution (JSON)')
    .option('--seed <n>', 'seed of the episodes', value.seed, 0)
    .addOption(new Option('--backend <name>', 'where worlds are simulated').choices(['wasm', 'webgpu']).default('wasm'))
    .option('--workers <n>', 'threads of wasm, default all cores; the result does not depend on it', value.integer(1))
    .option('--json', 'print the result as JSON, and nothing else')
    .action(async (policy: string, task: string, options: EvaluateCommandOptions) => {
      const { evaluateCommand } = await import('./evaluate.js')
      await evaluateCommand(io, policy, task, options)
    })

  program
    .command('check')
    .summary('is a model supported, right and fast')
    .description('Says whether MODEL is supported, compares it with MuJoCo and times both.')
    .argument('[model]', 'MJCF, URDF or saved Model')
    .option('--corpus <dir>', 'compare every model file below a folder instead, one line a model')
    .option('--profile', 'time per stage of the step instead')
    .option('--worlds <n>', 'states to compare', value.integer(1), 256)
    .option('--steps <n>', 'steps of the trajectories to compare', value.integer(1), 100)
    .option('--workers <n>', 'threads of ours, MuJoCo has one; with --corpus, models at once', value.integer(1), 1)
    .option('--timeout <s>', 'with --corpus: time a model may take', value.positive('seconds'), 120)
    .option('--seed <n>', 'seed of the states', value.seed, 0)
    .option('--json', 'print the result as JSON, and nothing else')
    .action(
      async (
        model: string | undefined,
        options: CheckOptions & CorpusOptions & { corpus?: string; profile?: boolean },
      ) => {
        if ((model === undefined) === (options.corpus === undefined))
          throw new UsageError('USAGE', 'check: give a MODEL or --corpus DIR, one of them')
        if (options.corpus !== undefined) {
          const { checkCorpus } = await import('./check-corpus.js')
          await checkCorpus(io, options.corpus, options)
        } else if (options.profile === true) {
          const { checkProfile } = await import('./check-profile.js')
          await checkProfile(io, model as string, options)
        } else {
          const { check } = await import('./check.js')
          await check(io, model as string, options)
        }
      },
    )

  program
    .command('doctor')
    .summary('what this machine offers')
    .description('What this machine offers, its GPU among it, and what a model needs of that.')
    .option('--model <file>', 'MJCF, URDF or saved Model: memory of its worlds on the GPU, and how many fit')
    .option('--nworld <n>', 'worlds of it; default 1', value.integer(1))
    .option('--nconmax <n>', 'contacts a world has room for; default from the model', value.integer(1))
    .option('--json', 'print the findings as JSON, and nothing else')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.js')
      await doctor(io, options)
    })

  return program
}

/** Ours, or that of another copy of simcrank, which a user's module may have brought along. */
const isOurs = (error: unknown): error is SimcrankError =>
  error instanceof SimcrankError ||
  (error instanceof Error && 'place' in error && 'code' in error && typeof error.code === 'string')

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns exit code: 0, 1 for a failure, 2 for wrong usage, 130 when interrupted
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const json = argv.includes('--json')
  try {
    await build(io, argv).parseAsync([...argv], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof Failure) return error.exitCode
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok
      if (json) io.out(toJson({ error: { code: 'USAGE', message: error.message.replace(/^error: /, '') } }))
      return EXIT.usage
    }
    const known = isOurs(error)
    const message = error instanceof Error ? error.message : String(error)
    const code = known ? error.code : 'INTERNAL'
    const words = known ? message : `internal error: ${message}; SIMCRANK_DEBUG=1 shows where. Please report it`
    const { red, dim } = pc.createColors(io.interactive)
    io.err(`${red('error:')} ${words.split('\n').map(printable).join('\n')} ${dim(`[${code}]`)}\n`)
    for (let cause: unknown = error; process.env.SIMCRANK_DEBUG && cause instanceof Error; cause = cause.cause)
      io.err(`${cause.stack}\n`)
    if (json) io.out(toJson({ error: { code, message, place: known ? error.place : undefined } }))
    return error instanceof UsageError ? EXIT.usage : EXIT.failure
  }
}
