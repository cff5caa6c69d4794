import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { METHODS as OFFERED, setting } from '../../bindings/cli/options.js'
import { known, settingsOf, type TrainCommandOptions } from '../../bindings/cli/train.js'
import { openTrainProgress, progressLine } from '../../bindings/cli/train-progress.js'
import { METHODS } from '../../bindings/es/method.js'
import { readPolicy } from '../../bindings/policy/index.js'
import { recommended } from '../../bindings/train/recommended.js'
import type { TrainSettings } from '../../bindings/train/settings.js'
import { bitsOf, metricsOf } from '../train/folder.js'
import { simcrank, Workshop } from './workshop.js'

const library = JSON.stringify(new URL('../../bindings/task/index.ts', import.meta.url).href)

/** a task of one's own, as a module: a mass is to be held at the origin */
const task = (reward = "s.jointPos('slide').unitless().abs().neg().exp()"): string => `
import { defineTask } from ${library}
export default defineTask({
  name: 'hold',
  model: \`<mujoco model="mass"><option timestep="0.02"><flag contact="disable"/></option><worldbody>
    <body name="mass"><joint name="slide" type="slide" axis="1 0 0" damping="1"/><geom size=".1" mass="1"/></body>
    </worldbody><actuator><motor joint="slide" gear="5" ctrlrange="-1 1"/></actuator></mujoco>\`,
  frameSkip: 1,
  episodeLength: 50,
  solved: 45,
  define: s => ({
    observation: { position: s.jointPos('slide'), velocity: s.jointVel('slide') },
    action: { kind: 'torque' },
    reward: { near: ${reward}, effort: s.ctrl.squared().mul(-0.01) },
    metrics: { speed: s.jointVel('slide').abs() },
    reset: { qpos: { slide: s.uniform(-0.5, 0.5) } },
  }),
})
`

const GENERATION = {
  generation: 12,
  bestReturn: 400,
  meanReturn: 312.4567,
  stdReturn: 3,
  bestEval: 330.1,
  steps: 1e6,
  sigma: 0.1,
  failed: 0,
  failedTerms: [],
  seconds: 63,
  stepsPerSecond: 123456.7,
  lost: 0,
}

const FAST = ['--policy', 'linear', '--workers', '1', '--method-options', 'popsize=12', 'sigma=0.1', '--seed', '3']

test('trains, says how it went, writes what is needed to use and to judge it', async () => {
  using shop = new Workshop()
  const file = shop.file('hold.ts', task())
  const out = shop.path('out')
  const result = await simcrank('train', file, ...FAST, '--generations', '24', '--out', out)
  assert.is(result.code, 0, result.err)
  assert.is(result.err, '')
  assert.match(
    result.out,
    /^hold: openai-es on 2-1 \(2 parameters\), 12 members, seed 3\n {2}24 generations, 14,400 environment steps/,
  )
  assert.match(result.out, /ended: 24 generations of 24\n {2}best of the evaluations: /)
  assert.match(result.out, /on episodes it was not chosen by; solved at 45\nreturn \d+.* ± /)
  assert.match(result.out, /^ {2}near +reward +\d+/m)
  assert.match(result.out, /^ {2}speed +metric .* m\/s$/m)
  assert.equal(readdirSync(out).sort(), [
    'checkpoint-000020.bin',
    'checkpoint-000024.bin',
    'config.json',
    'metrics.jsonl',
    'policy.safetensors',
    'policy.ts',
    'report.html',
  ])
  for (const name of readdirSync(out))
    if (!name.startsWith('checkpoint')) assert.ok(result.out.includes(`out/${name}`), name)
  assert.is(metricsOf(shop.path('out/metrics.jsonl')).length, 24)

  // the policy, and the module without imports, do the same
  const policy = readPolicy(readFileSync(shop.path('out/policy.safetensors')))
  assert.equal(policy.observation, ['position', 'velocity'])
  const { createPolicy } = await import(pathToFileURL(shop.path('out/policy.ts')).href)
  const [ours] = policy.act([0.2, -0.1])
  const [theirs] = createPolicy().act([0.2, -0.1])
  assert.ok(Math.abs(ours - theirs) < 1e-6, `${ours} ${theirs}`)

  const page = readFileSync(shop.path('out/report.html'), 'utf8')
  for (const text of ['Training of hold', 'near', 'effort', 'openai-es']) assert.ok(page.includes(text), text)

  const evaluated = await simcrank('evaluate', shop.path('out/policy.safetensors'), file, '--episodes', '10')
  assert.is(evaluated.code, 0, evaluated.err)
  assert.match(evaluated.out, /^hold: return \d+.* ± \S+, .*\n {2}10 episodes of 50 steps \(1 s\), not solved\n/)
})

test('--json prints JSON and nothing else; a run that stops and goes on leaves the same', async () => {
  using shop = new Workshop()
  const file = shop.file('hold.ts', task())
  const words = ['train', file, ...FAST, '--json', '--checkpoint-every', '5']
  const whole = await simcrank(...words, '--generations', '14', '--out', shop.path('whole'))
  assert.is(whole.err, '')
  assert.is((await simcrank(...words, '--generations', '6', '--out', shop.path('parts'))).code, 0)
  // settings and limits are those it began with, unless said
  const rest = ['train', file, '--resume', '--out', shop.path('parts'), '--checkpoint-every', '5', '--json']
  assert.is(JSON.parse((await simcrank(...rest)).out).generations, 6)
  const parts = await simcrank(...rest, '--generations', '14', '--workers', '2')
  const [a, b] = [JSON.parse(whole.out), JSON.parse(parts.out)]
  assert.is(b.generations, 14)
  assert.equal(b.evaluation, a.evaluation)
  assert.equal(b.best, a.best)
  assert.equal(b.settings, a.settings)
  assert.is(b.settings.methodOptions.popsize, 12)
  assert.equal(metricsOf(shop.path('parts/metrics.jsonl')), metricsOf(shop.path('whole/metrics.jsonl')))
  const { config: _, ...bits } = bitsOf(shop.path('parts/checkpoint-000014.bin'))
  const { config: __, ...others } = bitsOf(shop.path('whole/checkpoint-000014.bin'))
  assert.equal(bits, others)
  assert.equal(readFileSync(shop.path('parts/policy.safetensors')), readFileSync(shop.path('whole/policy.safetensors')))

  const again = await simcrank(...words, '--generations', '14', '--out', shop.path('whole'))
  assert.is(again.code, 1)
  assert.is(JSON.parse(again.out).error.code, 'CHECKPOINT_EXISTS')
  const other = await simcrank(...rest, '--seed', '4')
  assert.is(JSON.parse(other.out).error.code, 'CHECKPOINT_SETTINGS')
  assert.match(JSON.parse(other.out).error.message, /settings\.seed is 3 there and 4 here/)
  shop.file('other.ts', task('s.jointPos("slide").neg()'))
  const wrong = await simcrank('train', shop.path('other.ts'), ...rest.slice(2))
  assert.is(JSON.parse(wrong.out).error.code, 'CHECKPOINT_TASK')
})

test('randomised physics: trained and evaluated, with a breakdown by parameter', async () => {
  using shop = new Workshop()
  const file = shop.file('hold.ts', task())
  const parameters = [{ name: 'mass', path: 'body/mass/mass', min: 0.5, max: 2, transform: 'log' }]
  const randomize = shop.file('random.json', { parameters, distribution: { mass: { kind: 'log-uniform' } } })
  const words = [...FAST, '--generations', '10', '--randomize', randomize]
  const { code, out, err } = await simcrank('train', file, ...words, '--out', shop.path('out'))
  assert.is(code, 0, err)
  assert.match(
    out,
    /^ {2}parameter +from to +unit +episodes +return +rank correlation\n {2}mass +0\.5\d* to 0\.\d+ +kg +25 /m,
  )
  const evaluated = await simcrank(
    'evaluate',
    shop.path('out/policy.safetensors'),
    file,
    '--randomize',
    randomize,
    '--json',
  )
  const { parameters: found, episodes } = JSON.parse(evaluated.out)
  assert.is(episodes, 100)
  assert.is(found[0].name, 'mass')
  assert.is(found[0].groups.length, 4)
  shop.file('random.json', { parameters: [{ ...parameters[0], path: 'body/mess/mass' }] })
  const wrong = await simcrank('train', file, ...words)
  assert.is(wrong.code, 1)
  assert.match(wrong.err, /random\.json: .*mess.*nearest: 'body\/mass\/mass'/)
})

for (const words of [
  ['train'],
  ['train', 'no-such-task'],
  ['train', 'hopper', '--method', 'sgd'],
  ['train', 'hopper', '--policy', 'mlp:many', '--generations', '1'],
  ['train', 'hopper', '--generations', '0'],
  ['train', 'hopper', '--seconds', '-3'],
  ['train', 'hopper', '--target', 'high'],
  ['train', 'hopper', '--workers', '0'],
  ['train', 'hopper', '--workers', '129', '--generations', '1'],
  ['evaluate', 'policy.safetensors', 'hopper', '--workers', '1000'],
  ['train', 'hopper', '--method-options', 'seed=5', '--generations', '1'],
  ['train', 'hopper', '--method-options', 'popsize=1000002', '--generations', '1'],
  ['train', 'hopper', '--weights', 'healthy=-1', '--generations', '1'],
  ['train', 'hopper', '--seed', 'x'],
  ['train', 'hopper', '--resume'],
  ['train', 'hopper', '--backend', 'cuda'],
  ['train', 'hopper', '--method-options', 'popsize'],
  ['train', 'hopper', '--method-options', 'popsize=7', '--generations', '1'],
  ['train', 'hopper', '--method-options', 'speed=7', '--generations', '1'],
  ['train', 'hopper', '--frobnicate'],
  ['evaluate', 'policy.safetensors'],
  ['evaluate', 'policy.safetensors', 'hopper', '--episodes', '0'],
]) {
  test(`wrong usage ends with code 2: ${words.join(' ')}`, async () => {
    const { code, out, err } = await simcrank(...words)
    assert.is(code, 2, err)
    assert.is(out, '')
    assert.ok(err.length > 0)
    assert.not.match(err, /\n {4}at /)
  })
}

test('what cannot be used is named', async () => {
  using shop = new Workshop()
  shop.file('number.mjs', 'export default 3')
  shop.file('fake.mjs', 'export default { compile: 1, load: 2 }')
  shop.file('broken.mjs', 'export default (')
  shop.file('hold.ts', task())
  shop.file('nan.ts', task("s.jointPos('slide').unitless().mul(0).sub(1).sqrt()"))
  shop.file('cut.safetensors', new Uint8Array(5))
  for (const [words, message] of [
    [['train', 'hoper', '--generations', '1'], /there is no task 'hoper'; nearest: 'hopper'.*\[TASK_UNKNOWN\]/],
    [['train', shop.path('none.ts')], /none\.ts: there is no such file \[TASK_MODULE\]/],
    [['train', shop.path('number.mjs')], /number\.mjs: has no task: .*\[TASK_MODULE\]/],
    [['train', shop.path('fake.mjs')], /fake\.mjs: has no task: .*\[TASK_MODULE\]/],
    [['train', shop.path('broken.mjs')], /broken\.mjs: cannot be imported: .*\[TASK_MODULE\]/],
    [['train', shop.path('hold.ts'), '--out', shop.path('number.mjs')], /number\.mjs: cannot write: .*\[OUTPUT\]/],
    [['train', shop.path('hold.ts'), '--start', shop.path('none')], /none: cannot read: .*\[FILE\]/],
    [
      ['train', shop.path('nan.ts'), '--workers', '1'],
      /reward\.near: all \d+ members of generation 1 failed: .*'near'.*\[TASK_FAILED\]/,
    ],
    [['evaluate', shop.path('cut.safetensors'), shop.path('hold.ts')], /cut\.safetensors: .*\[CHECKPOINT_/],
  ] as const) {
    const { code, out, err } = await simcrank(...words)
    assert.is(out, '')
    assert.match(err, message)
    assert.ok(code === 1 || err.includes('TASK_UNKNOWN'), err)
  }
})

test('a policy of another task is refused, or said to be one', async () => {
  using shop = new Workshop()
  const file = shop.file('hold.ts', task())
  assert.is((await simcrank('train', file, ...FAST, '--generations', '1', '--out', shop.path('out'))).code, 0)
  const renamed = shop.file('renamed.ts', task().replace('{ position:', '{ place:'))
  const said = await simcrank('evaluate', shop.path('out/policy.safetensors'), renamed, '--episodes', '2')
  assert.is(said.code, 0)
  assert.match(said.err, /the policy's observation 0 is 'position', the task's 'place'/)
  const { code, err } = await simcrank('evaluate', shop.path('out/policy.safetensors'), 'hopper', '--episodes', '2')
  assert.is(code, 1)
  assert.match(err, /\[POLICY_SIZE\]/)
})

test('Ctrl-C: what there is, how to go on, and code 130', async () => {
  using shop = new Workshop()
  const main = fileURLToPath(new URL('../../bindings/cli/main.ts', import.meta.url))
  const words = ['train', shop.file('hold.ts', task()), ...FAST, '--generations', '1000000', '--out', shop.path('out')]
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const ended = new Promise(resolve => child.on('close', resolve))
  const begun = (): boolean =>
    readdirSync(shop.folder).includes('out') && existsSync(shop.path('out/checkpoint-000020.bin'))
  for (let waited = 0; !begun() && waited < 60_000; waited += 20) await new Promise(resolve => setTimeout(resolve, 20))
  child.kill('SIGINT')
  assert.is(await ended, 130, err)
  assert.match(err, /interrupted. To go on:\n {2}simcrank train .*hold\.ts .* --resume\n$/)
  assert.match(out, /ended: stopped from outside/)
  const lines = metricsOf(shop.path('out/metrics.jsonl'))
  assert.ok(existsSync(shop.path(`out/checkpoint-${String(lines.length).padStart(6, '0')}.bin`)), String(lines.length))
  assert.ok(existsSync(shop.path('out/policy.safetensors')))
  const { code } = await simcrank(
    ...words.slice(0, 2),
    '--resume',
    '--out',
    shop.path('out'),
    '--generations',
    String(lines.length + 3),
  )
  assert.is(code, 0)
  assert.is(metricsOf(shop.path('out/metrics.jsonl')).length, lines.length + 3)
})

test('recommended settings hold but for what is said; how to learn goes as one', async () => {
  const of = async (options: TrainCommandOptions): Promise<TrainSettings> => {
    return settingsOf(options, known(options, 'ant'))
  }
  const ant = recommended('ant') as TrainSettings
  assert.equal(await of({}), { ...ant, evaluation: {} })
  assert.equal(await of({ weights: { healthy: 1 }, episodes: 3 }), {
    ...ant,
    weights: { ...ant.weights, healthy: 1 },
    episodes: 3,
    evaluation: {},
  })
  assert.is((await of({ weights: { ctrl: 0.5 } })).weights?.healthy, 0)
  for (const [options, expected] of [
    [{ method: 'pgpe' }, { method: 'pgpe', methodOptions: {} }],
    [{ policy: 'gru:8' }, { policy: 'gru:8', methodOptions: {} }],
    [{ methodOptions: { popsize: 8 } }, { methodOptions: { popsize: 8 } }],
  ] as const)
    assert.equal(await of(options), { weights: ant.weights, episodeLength: 300, evaluation: {}, ...expected })
  assert.is(known({ policy: 'linear' }, 'swingup-easy').normalizer, undefined)
  assert.is(known({ policy: 'linear' }, 'swingup-easy').episodes, 2)
})

test('without a terminal: a line every ten seconds, none of them as JSON', () => {
  const line = { ...GENERATION, timeLeft: 245 }
  for (const [quiet, expected] of [
    [false, 2],
    [true, 0],
  ] as const) {
    const said: string[] = []
    let now = 0
    const io = { out: () => {}, err: (text: string) => void said.push(text), interactive: false }
    const view = openTrainProgress(io, { generations: 100 }, quiet, () => now)
    for (now = 500; now <= 24_000; now += 500) view.update(line)
    view.stop()
    assert.equal(said, Array(expected).fill(`${progressLine(line, { generations: 100 })}\n`))
  }
})

test('every method there is can be asked for', () => {
  assert.equal([...OFFERED].sort(), [...METHODS].sort())
})

test('options of a method: numbers, words, JSON, and what lies deeper', () => {
  const all = [
    'popsize=64',
    'shaping=ranks',
    'optimizer.kind=adam',
    'optimizer.lr=2e-2',
    'deep={"a":[1]}',
    'on=true',
    'a=b=c',
  ]
  let found: Record<string, unknown> = {}
  for (const text of all) found = setting(text, found)
  assert.equal(found, {
    popsize: 64,
    shaping: 'ranks',
    optimizer: { kind: 'adam', lr: 0.02 },
    deep: { a: [1] },
    on: true,
    a: 'b=c',
  })
  for (const text of ['popsize', '=3', 'a..b=1', '__proto__.x=1', 'a={']) assert.throws(() => setting(text), /expected/)
})

test('the line of a generation', () => {
  const it = GENERATION
  assert.is(
    progressLine({ ...it, timeLeft: 245 }, { generations: 100 }),
    'generation 12/100  return 312.5  best 330.1  123,457 steps/s  4 min 05 s left',
  )
  assert.is(
    progressLine({ ...it, bestEval: undefined, failed: 2 }, {}),
    'generation 12  return 312.5  123,457 steps/s  1 min 03 s  2 failed',
  )
})

test.run()
