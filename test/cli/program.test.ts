import { existsSync, readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pendulumLog, pendulumXml, SPACE, simcrank, Workshop } from './workshop.js'

const log = await pendulumLog(0.3, 2)

test('help and version', async () => {
  const help = await simcrank('--help')
  assert.is(help.code, 0)
  for (const command of ['identify', 'check', 'doctor']) assert.match(help.out, command)
  assert.match((await simcrank('identify', '--help')).out, '--holdout')
  const { code, out } = await simcrank('--version')
  assert.is(code, 0)
  assert.match(out, /^\d+\.\d+\.\d+\n$/)
})

for (const words of [
  [],
  ['nonsense'],
  ['identify'],
  ['identify', 'm.xml'],
  ['identify', 'm.xml', 'r.csv'],
  ['identify', 'm.xml', 'r.csv', '--space'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--method', 'guessing'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--window', '-1'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--seed', '1.5'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--weight', 'qpos'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--filter', 'magic'],
  ['identify', 'm.xml', 'r.csv', '--space', 's.json', '--params', 'p', '--resume', 'q'],
  ['check'],
  ['check', 'm.xml', '--worlds', '0'],
  ['check', 'm.xml', '--steps', 'ten'],
  ['check', 'm.xml', 'n.xml'],
  ['doctor', '--frobnicate'],
]) {
  test(`wrong usage ends with code 2: ${words.join(' ')}`, async () => {
    const { code, out, err } = await simcrank(...words)
    assert.is(code, 2)
    assert.is(out, '')
    assert.ok(err.length > 0)
    assert.not.match(err, /\n {4}at /)
  })
}

test('wrong usage under --json is JSON too', async () => {
  const { code, out } = await simcrank('check', '--json')
  assert.is(code, 2)
  assert.is(JSON.parse(out).error.code, 'USAGE')
})

const space = (parameter: object): object => ({ parameters: [{ ...SPACE.parameters[0], ...parameter }] })
const broken = (line: number, text: string): string => log.replace(log.split('\n')[line - 1], text)

for (const [what, files, args, message] of [
  ['malformed XML', { 'm.xml': '<mujoco><worldbody></mujoco>' }, [], /m\.xml: .*(line|XML)/i],
  ['no model at all', { 'm.xml': '' }, [], /m\.xml: neither XML/],
  [
    'an unsupported model',
    { 'm.xml': pendulumXml().replace('</worldbody>', '</worldbody><tendon><spatial name="string"/></tendon>') },
    [],
    /m\.xml: /,
  ],
  ['an empty log', { 'r.csv': '' }, [], /r\.csv.*empty/],
  ['NaN in a log', { 'r.csv': broken(7, '0.025,NaN,0.1') }, [], /r\.csv.*7/],
  ['a clock that runs back', { 'r.csv': broken(7, '0.001,0,0.1') }, [], /r\.csv.*7/],
  ['a channel that maps to nothing', { 'r.csv': log.replace('joint/hinge/qpos', 'joint/elbow/qpos') }, [], /elbow/],
  ['a recording shorter than one window', {}, ['--window', '100'], /100/],
  ['bounds the wrong way round', { 's.json': space({ min: 1, max: 0.1 }) }, [], /s\.json.*wrong way round/],
  ['an unknown parameter path', { 's.json': space({ path: 'joint/hinge/dampnig' }) }, [], /damping/],
  ['a space that is not JSON', { 's.json': '{ parameters: ' }, [], /s\.json/],
  ['a mapping with an unknown key', { 'map.json': { chanels: {} } }, ['--map', 'map.json'], /map\.json.*chan/],
  [
    'values of an unknown parameter',
    { 'p.json': { dumping: 1, friction: 1 } },
    ['--params', 'p.json'],
    /p\.json.*'dumping'.*damping/,
  ],
  ['values that lack a parameter', { 'p.json': { damping: 0.1 } }, ['--params', 'p.json'], /p\.json.*'friction'/],
  ['a state that is none', { 'x.json': '{}' }, ['--resume', 'x.json'], /resume/],
  ['a missing file', {}, ['--resume', 'nowhere.json'], /nowhere\.json: cannot read: there is no such file/],
] as const) {
  test(`${what}: one typed error, code 1, nothing written`, async () => {
    using shop = new Workshop()
    const content: Record<string, string | object> = { 'm.xml': pendulumXml(), 'r.csv': log, 's.json': SPACE, ...files }
    for (const [name, text] of Object.entries(content)) shop.file(name, text)
    const words = args.map(word => (word.endsWith('.json') ? shop.path(word) : word))
    const base = ['identify', shop.path('m.xml'), shop.path('r.csv'), '--space', shop.path('s.json'), '--workers', '1']
    const { code, out, err } = await simcrank(...base, '--out', shop.path('out'), ...words)
    assert.is(code, 1, err)
    assert.is(out, '')
    assert.match(err, message)
    assert.match(err, /^error: [\s\S]* \[[A-Z0-9_]+\]\n$/)
    assert.not.match(err, /INTERNAL|\n {4}at /)
    if (existsSync(shop.path('out'))) assert.equal(readdirSync(shop.path('out')), [])
  })
}

test('the same recording twice', async () => {
  using shop = new Workshop()
  const [model, recording] = [shop.file('m.xml', pendulumXml()), shop.file('r.csv', log)]
  const { code, err } = await simcrank(
    'identify',
    model,
    recording,
    '--holdout',
    recording,
    '--space',
    shop.file('s.json', SPACE),
  )
  assert.is(code, 1)
  assert.match(err, 'two recordings are called')
})

test('failures under --json are JSON on stdout', async () => {
  using shop = new Workshop()
  const model = shop.file('m.xml', '<mujoco><worldbody></mujoco>')
  const { code, out } = await simcrank('check', model, '--json')
  assert.is(code, 1)
  const { error } = JSON.parse(out)
  assert.match(error.code, /^MODEL_/)
  assert.is(error.place, model)
})

test('control characters of a file do not reach the terminal', async () => {
  using shop = new Workshop()
  const space = { parameters: [{ name: 'a\u001b[2Jb', path: 'joint/\u001b]0;x\u0007/damping', min: 0.1, max: 1 }] }
  const { err } = await simcrank(
    'identify',
    shop.file('m.xml', pendulumXml()),
    shop.file('r.csv', log),
    '--space',
    shop.file('s.json', space),
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.not.match(err, /[\u0000-\u0009\u000b-\u001f]/)
})

test.run()
