/** Contacts against MuJoCo's: which, in what order, where. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rng } from '../support/oracle.js'
import { bothContacts, difference } from './contact-lists.js'

/** poses of each pair of geom types, margin and gap */
const POSES = 240

/** size attributes of examples of each type, the radius of the bounding sphere and that of the rounding (0: sharp) */
const SHAPES: Readonly<Record<string, readonly { size: string; radius: number; round: number }[]>> = {
  plane: [{ size: '1 1 1', radius: 0, round: 0 }],
  sphere: [
    { size: '0.3', radius: 0.3, round: 0.3 },
    { size: '0.05', radius: 0.05, round: 0.05 },
  ],
  capsule: [
    { size: '0.1 0.4', radius: 0.5, round: 0.1 },
    { size: '0.3 0.1', radius: 0.4, round: 0.3 },
  ],
  ellipsoid: [
    { size: '0.1 0.2 0.3', radius: 0.3, round: 0 },
    { size: '0.4 0.02 0.2', radius: 0.4, round: 0 },
  ],
  cylinder: [
    { size: '0.1 0.4', radius: 0.412, round: 0 },
    { size: '0.3 0.05', radius: 0.304, round: 0 },
  ],
  box: [
    { size: '0.2 0.3 0.1', radius: 0.374, round: 0 },
    { size: '0.5 0.05 0.3', radius: 0.585, round: 0 },
  ],
}

const PAIRS: readonly (readonly [string, string])[] = [
  ['plane', 'sphere'],
  ['plane', 'capsule'],
  ['plane', 'ellipsoid'],
  ['plane', 'cylinder'],
  ['plane', 'box'],
  ['sphere', 'sphere'],
  ['sphere', 'capsule'],
  ['sphere', 'cylinder'],
  ['sphere', 'box'],
  ['capsule', 'capsule'],
]

/** contacts are reported up to margin + gap; both geoms add theirs */
const MARGINS: readonly (readonly [margin: number, gap: number])[] = [
  [0, 0],
  [0.06, 0],
  [0.04, 0.1],
]

type Random = ReturnType<typeof rng>

function quaternion(random: Random): number[] {
  const q = [random.normal(), random.normal(), random.normal(), random.normal()]
  const norm = Math.sqrt(q.reduce((s, x) => s + x * x, 0))
  return q.map(x => x / norm)
}

function direction(random: Random): number[] {
  const v = [random.normal(), random.normal(), random.normal()]
  const norm = Math.sqrt(v.reduce((s, x) => s + x * x, 0))
  return v.map(x => x / norm)
}

for (const [type1, type2] of PAIRS) {
  test(`${type1} : ${type2}`, async () => {
    const random = rng(type1.length * 100 + type2.length)
    let contacts = 0
    let empty = 0
    for (const a of SHAPES[type1]) {
      for (const b of SHAPES[type2]) {
        for (const [margin, gap] of MARGINS) {
          const split = `margin="${margin / 2}" gap="${gap / 4}"`
          const rest = `margin="${margin / 2}" gap="${(3 * gap) / 4}"`
          const first =
            type1 === 'plane'
              ? `<geom type="plane" size="1 1 1" pos="0.1 0.2 0.3" quat="0.9 0.3 -0.2 0.1" ${split}/>`
              : `<body><freejoint/><geom type="${type1}" size="${a.size}" pos="0.02 0 0.01" quat="0.8 0.2 0.3 -0.4" ${split}/></body>`
          const xml = `<mujoco><worldbody>${first}<body><freejoint/><geom type="${type2}" size="${b.size}" ${rest}/></body></worldbody></mujoco>`
          const far = (type1 === 'plane' ? 2 : 1) * (a.radius + b.radius + margin + gap)
          const poses = Array.from({ length: POSES }, () => {
            const away = direction(random).map(x => x * random.uniform(0, 1.1 * far))
            const moved = type1 === 'plane' ? [] : [0, 0, 0, ...quaternion(random)]
            const origin = type1 === 'plane' ? [0.1, 0.2, 0.3] : [0, 0, 0]
            return Float64Array.from([...moved, ...away.map((x, i) => x + origin[i]), ...quaternion(random)])
          })
          for (const side of await bothContacts(xml, poses)) {
            const found = difference(side, margin + gap)
            const what = `margin ${margin} gap ${gap} qpos ${side.qpos.join(' ')}\n${JSON.stringify(side, null, 1)}`
            assert.ok(found, `the lists differ: ${what}`)
            assert.ok(found.dist <= 1e-5, `dist off by ${found.dist}: ${what}`)
            assert.ok(found.pos <= 1e-4, `pos off by ${found.pos}: ${what}`)
            // between round geoms the normal joins two points, whose rounding turns it the more the nearer they are
            const core = Math.min(...side.theirs.map(c => c.dist + a.round + b.round))
            const turn = a.round > 0 && b.round > 0 ? Math.max(1e-4, 5e-7 / core) : 1e-4
            assert.ok(found.normal <= turn, `normal off by ${found.normal}: ${what}`)
            assert.ok(found.tangent <= 10 * turn, `tangent off by ${found.tangent}: ${what}`)
            contacts += found.contacts
            if (side.theirs.length === 0) empty++
          }
        }
      }
    }
    assert.ok(contacts > POSES && empty > POSES / 10, `${contacts} contacts, ${empty} poses without any`)
  })
}

/** half turns and quarter turns about an axis, whose quaternions single precision holds well */
const TURN = {
  none: [1, 0, 0, 0],
  over: [0, 1, 0, 0],
  x90: [Math.SQRT1_2, Math.SQRT1_2, 0, 0],
  y90: [Math.SQRT1_2, 0, Math.SQRT1_2, 0],
  z90: [Math.SQRT1_2, 0, 0, Math.SQRT1_2],
  yaw: [0.8, 0, 0, 0.6],
} as const
type Turn = keyof typeof TURN

/** positions that matter and that chance does not find: geoms flat on each other, parallel, concentric */
const RESTING: readonly (readonly [
  what: string,
  geom1: string,
  geom2: string,
  poses: readonly (readonly [number, number, number, Turn])[],
])[] = [
  [
    'cylinder standing',
    'plane" size="1 1 1',
    'cylinder" size="0.2 0.3',
    [
      [0, 0, 0.299, 'none'],
      [0.5, 0.1, 0.299, 'yaw'],
      [0, 0, 0.299, 'over'],
      [0, 0, 0.299, 'z90'],
    ],
  ],
  [
    'cylinder lying',
    'plane" size="1 1 1',
    'cylinder" size="0.2 0.3',
    [
      [0, 0, 0.199, 'x90'],
      [0, 0, 0.199, 'y90'],
    ],
  ],
  [
    'capsule standing and lying',
    'plane" size="1 1 1',
    'capsule" size="0.1 0.3',
    [
      [0, 0, 0.399, 'none'],
      [0, 0, 0.099, 'x90'],
      [0, 0, 0.099, 'y90'],
    ],
  ],
  [
    'box on each side',
    'plane" size="1 1 1',
    'box" size="0.1 0.2 0.3',
    [
      [0, 0, 0.299, 'none'],
      [0, 0, 0.299, 'yaw'],
      [0, 0, 0.199, 'x90'],
      [0, 0, 0.099, 'y90'],
      [0, 0, 0.299, 'over'],
    ],
  ],
  [
    'ellipsoid on each side',
    'plane" size="1 1 1',
    'ellipsoid" size="0.1 0.2 0.3',
    [
      [0, 0, 0.299, 'none'],
      [0, 0, 0.199, 'x90'],
      [0, 0, 0.099, 'y90'],
    ],
  ],
  [
    'concentric spheres',
    'sphere" size="0.2',
    'sphere" size="0.1',
    [
      [0, 0, 0, 'none'],
      [0, 0, 0, 'x90'],
      [0, 0, 0, 'y90'],
    ],
  ],
  [
    'sphere on the axis of a capsule',
    'sphere" size="0.2',
    'capsule" size="0.1 0.3',
    [
      [0, 0, 0.1, 'none'],
      [0, 0, -0.2, 'over'],
    ],
  ],
  [
    'sphere on the axis of a cylinder',
    'sphere" size="0.1',
    'cylinder" size="0.2 0.3',
    [
      [0, 0, 0.15, 'none'],
      [0, 0, 0.28, 'none'],
      [0, 0, -0.35, 'none'],
      [0, 0, -0.05, 'over'],
    ],
  ],
  [
    'sphere in a box',
    'sphere" size="0.1',
    'box" size="0.3 0.2 0.1',
    [
      [0, 0, 0, 'none'],
      [0.25, 0, 0, 'none'],
      [0, 0.15, 0.01, 'none'],
      [0.31, 0.22, 0.13, 'none'],
    ],
  ],
  [
    'parallel capsules',
    'capsule" size="0.1 0.3',
    'capsule" size="0.1 0.2',
    [
      [0.15, 0, 0, 'none'],
      [0.15, 0, 0.4, 'none'],
      [0, 0, 0.65, 'none'],
      [0, 0.15, -0.3, 'over'],
      [0.15, 0, 0.1, 'yaw'],
    ],
  ],
  [
    'crossed capsules',
    'capsule" size="0.1 0.3',
    'capsule" size="0.1 0.2',
    [
      [0.15, 0, 0, 'x90'],
      [0, 0.15, 0.2, 'y90'],
      [0.15, 0, 0.35, 'x90'],
    ],
  ],
]

for (const [what, geom1, geom2, poses] of RESTING) {
  test(`at rest: ${what}`, async () => {
    const fixed = geom1.startsWith('plane')
    const first = fixed ? `<geom type="${geom1}"/>` : `<body><freejoint/><geom type="${geom1}"/></body>`
    const xml = `<mujoco><worldbody>${first}<body><freejoint/><geom type="${geom2}"/></body></worldbody></mujoco>`
    const states = poses.map(([x, y, z, turn]) =>
      Float64Array.from([...(fixed ? [] : [0, 0, 0, 1, 0, 0, 0]), x, y, z, ...TURN[turn]]),
    )
    for (const side of await bothContacts(xml, states)) {
      assert.ok(side.theirs.length > 0, what)
      const found = difference(side, 0)
      const text = JSON.stringify(side, null, 1)
      assert.ok(found && found.contacts === side.theirs.length, `the lists differ: ${text}`)
      assert.ok(
        Math.max(found.dist, found.pos, found.normal, found.tangent) <= 1e-5,
        `${JSON.stringify(found)}: ${text}`,
      )
    }
  })
}

/** overlapping geoms of all sorts on a tree of bodies, with bit masks, static bodies, pairs and excludes */
function randomPile(seed: number): string {
  const random = rng(seed)
  const pick = (n: number): number => Math.floor(n * random.next())
  const shapes = ['sphere" size="0.5', 'capsule" size="0.3 0.2', 'sphere" size="0.4']
  let ngeom = 0
  let nbody = 0
  const geoms = (most: number): string => {
    let text = ''
    for (let i = pick(most + 1); i > 0; i--) {
      const bits = pick(3) === 0 ? `contype="${pick(4)}" conaffinity="${pick(4)}"` : ''
      const at = `${random.uniform(-0.1, 0.1).toFixed(3)} ${random.uniform(-0.1, 0.1).toFixed(3)} 0`
      text += `<geom name="g${ngeom++}" type="${shapes[pick(3)]}" mass="1" pos="${at}" condim="${[1, 3, 4, 6][pick(4)]}" priority="${pick(2)}" ${bits}/>`
    }
    return text
  }
  const tree = (depth: number): string => {
    let text = ''
    for (let i = depth === 0 ? 3 : pick(3); i > 0; i--) {
      const joint = pick(3) > 0 ? '<joint type="hinge" damping="1"/>' : ''
      const inertia = '<inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>'
      text += `<body name="b${nbody++}">${inertia}${joint}${geoms(3)}${depth < 3 ? tree(depth + 1) : ''}</body>`
    }
    return text
  }
  const floor = pick(2) === 0 ? `<geom name="g${ngeom++}" type="plane" size="1 1 1"/>` : ''
  const world = floor + geoms(2)
  const bodies = tree(0)
  const contact: string[] = []
  const taken = new Set<string>()
  const two = (kind: string, n: number): [number, number] | undefined => {
    const [a, b] = [pick(n), pick(n)]
    const key = `${kind} ${Math.min(a, b)} ${Math.max(a, b)}`
    if (n === 0 || a === b || taken.has(key)) return undefined
    taken.add(key)
    return [a, b]
  }
  for (let i = pick(4); i > 0; i--) {
    const pair = two('exclude', nbody)
    if (pair) contact.push(`<exclude body1="b${pair[0]}" body2="b${pair[1]}"/>`)
  }
  for (let i = pick(8); i > 0; i--) {
    const pair = two('pair', ngeom)
    if (!pair || (floor !== '' && Math.min(...pair) === 0 && world.match(/<geom/g)?.length === 1)) continue
    contact.push(`<pair geom1="g${pair[0]}" geom2="g${pair[1]}" condim="${[1, 3, 4, 6][pick(4)]}"/>`)
  }
  const flag = (name: string, off: number) => `${name}="${pick(off) === 0 ? 'disable' : 'enable'}"`
  const flags = `<flag ${flag('filterparent', 2)} ${flag('midphase', 4)}/>`
  return `<mujoco><size memory="50M"/><option>${flags}</option><worldbody>${world}${bodies}</worldbody><contact>${contact.join('')}</contact></mujoco>`
}

test('contacts come in the order of MuJoCo, in 150 random piles with pairs and excludes', async () => {
  let contacts = 0
  for (let seed = 1; seed <= 150; seed++) {
    const xml = randomPile(seed)
    const [{ ours, theirs }] = await bothContacts(xml, [])
    const ids = (list: typeof ours) => list.map(c => `${c.geom[0]}:${c.geom[1]} dim ${c.dim}`)
    assert.equal(ids(ours), ids(theirs), `seed ${seed}\n${xml}`)
    contacts += theirs.length
  }
  assert.ok(contacts > 3000, `${contacts} contacts`)
})

test.run()
