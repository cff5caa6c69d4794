/** Seeded random models for the fuzz test: any tree, joint, constraint, actuator and option that the engine supports. */
import { rng } from '../support/oracle.js'

type Random = ReturnType<typeof rng>

/** everything a random draw needs, with short names because the templates below are full of them */
class Draw {
  readonly #random: Random
  constructor(seed: number) {
    this.#random = rng(seed)
    // seeds beside each other begin alike: walk away from them
    for (let i = 0; i < 8; i++) this.#random.next()
  }
  /** integer in [0, n) */
  int(n: number): number {
    return Math.floor(n * this.#random.next())
  }
  chance(p: number): boolean {
    return this.#random.next() < p
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]
  }
  num(lo: number, hi: number): string {
    return this.#random.uniform(lo, hi).toFixed(4)
  }
  vec(half: number, n = 3): string {
    return Array.from({ length: n }, () => this.num(-half, half)).join(' ')
  }
  /** text with probability p */
  maybe(p: number, text: () => string): string {
    return this.chance(p) ? ` ${text()}` : ''
  }
}

/** flags whose absence from a step is supported; contact is always disabled */
export const FLAGS =
  'constraint equality frictionloss limit spring damper gravity clampctrl warmstart actuation refsafe sensor eulerdamp'.split(
    ' ',
  )

export interface RandomModelOptions {
  /** all hinges along one coordinate axis and all slides across it: the planar path of the engine */
  readonly planar?: boolean
  readonly bodies?: number
}

interface Joint {
  readonly name: string
  readonly type: 'free' | 'ball' | 'slide' | 'hinge'
}

const AXES = ['1 0 0', '0 1 0', '0 0 1', '-1 0 0', '0 -1 0', '0 0 -1']
const solref = (d: Draw): string =>
  d.chance(0.7) ? `${d.num(0.01, 0.1)} ${d.num(0.4, 1.5)}` : `-${d.num(100, 900)} -${d.num(5, 30)}`
const solimp = (d: Draw): string =>
  `.${5 + d.int(4)} .9${d.int(9)} ${d.num(0.001, 0.05)} .${2 + d.int(6)} ${d.pick(['1', '2', '3', '2.5'])}`
const poly = (d: Draw, size: number): string =>
  d.chance(0.7) ? d.num(0, size) : `${d.num(0, size)} ${d.num(0, size / 2)} ${d.num(0, size / 2)}`

function joint(d: Draw, { name, type }: Joint, axis: string): string {
  if (type === 'free')
    return d.chance(0.5)
      ? `<freejoint name="${name}"/>`
      : `<joint name="${name}" type="free" armature="${d.num(0, 0.1)}" damping="${d.num(0, 0.3)}" stiffness="${d.num(0, 3)}"/>`
  const ball = type === 'ball'
  const turn = type === 'hinge'
  const range = ball
    ? `0 ${d.num(20, 150)}`
    : turn
      ? `-${d.num(5, 60)} ${d.num(5, 60)}`
      : `-${d.num(0.02, 0.3)} ${d.num(0.02, 0.3)}`
  return `<joint name="${name}" type="${type}"${ball ? '' : ` axis="${axis}"`}${[
    d.maybe(0.5, () => `pos="${d.vec(0.1)}"`),
    d.maybe(0.5, () => `damping="${poly(d, 0.5)}"`),
    d.maybe(0.4, () => `stiffness="${poly(d, 5)}"`),
    ball ? '' : d.maybe(0.3, () => `springref="${d.num(-0.3, 0.3)}"`),
    ball ? '' : d.maybe(0.2, () => `ref="${turn ? d.num(-40, 40) : d.num(-0.2, 0.2)}"`),
    d.maybe(0.4, () => `armature="${d.num(0, 0.1)}"`),
    d.maybe(0.3, () => `frictionloss="${d.num(0.01, 1)}"`),
    d.maybe(0.2, () => `solreffriction="${solref(d)}" solimpfriction="${solimp(d)}"`),
    d.maybe(0.3, () => `limited="true" range="${range}" margin="${d.pick(['0', '0.05'])}"`),
    d.maybe(0.3, () => `solreflimit="${solref(d)}" solimplimit="${solimp(d)}"`),
    ball ? '' : d.maybe(0.1, () => `actuatorfrclimited="true" actuatorfrcrange="-${d.num(0.2, 2)} ${d.num(0.2, 2)}"`),
  ].join('')}/>`
}

const geom = (d: Draw): string =>
  d.chance(0.3)
    ? `<geom type="capsule" fromto="0 0 0 ${d.vec(0.4)}" size="${d.num(0.02, 0.08)}" mass="${d.num(0.2, 3)}"/>`
    : `<geom type="box" size="${d.num(0.03, 0.2)} ${d.num(0.03, 0.2)} ${d.num(0.03, 0.2)}" pos="${d.vec(0.2)}" quat="${d.vec(1, 4)}" mass="${d.num(0.2, 3)}"/>`

function actuator(d: Draw, { name, type }: Joint): string {
  const many = type === 'free' ? 6 : type === 'ball' ? 3 : 1
  const gear = d.maybe(0.6, () => `gear="${many > 1 ? d.vec(2, many) : d.num(-4, 4)}"`)
  const limits = `${d.maybe(0.3, () => 'ctrllimited="true" ctrlrange="-.6 .5"')}${d.maybe(0.3, () => `forcelimited="true" forcerange="-${d.num(0.2, 4)} ${d.num(0.2, 4)}"`)}`
  const on = `joint="${name}"${gear}`
  const shaft = d.maybe(0.2, () => `damping="${d.num(0, 0.2)}" armature="${d.num(0, 0.03)}"`)
  const act = d.maybe(0.3, () => 'actlimited="true" actrange="-.4 .6"')
  const early = d.maybe(0.3, () => 'actearly="true"')
  const K = `motorconst="${d.num(0.05, 0.4)}" resistance="${d.num(0.8, 3)}"`
  const motors = [
    `<dcmotor ${on} ${K}${d.maybe(0.3, () => `cogging="${d.num(0, 0.1)} ${1 + d.int(8)} ${d.num(0, 1)}"`)}/>`,
    `<dcmotor ${on} ${K} controller="${d.num(1, 9)} ${d.pick(['0', '2'])} ${d.num(0, 0.5)} ${d.pick(['0', '3'])} ${d.pick(['0', '.3'])} ${d.pick(['0', '6'])}" input="${d.pick(['pos', 'pos vel', 'pos vel ff voltage', 'pos ff'])}"/>`,
    `<dcmotor ${on} ${K} inductance="0 ${d.num(0.003, 0.02)}" saturation="1.5 0 ${d.num(100, 400)}"/>`,
    `<dcmotor ${on} ${K} thermal="2 30 0 .004 25 22"/>`,
    `<dcmotor ${on} ${K} input="none"/>`,
  ]
  const pids = [
    `<pid ${on} kp="${d.num(2, 20)}" kv="${d.num(0, 2)}" ki="${d.num(0.5, 5)}" imax=".2"/>`,
    `<pid ${on} kp="${d.num(2, 20)}" kv="${d.num(0, 2)}" slewmax="2" input="pos vel ff"/>`,
    `<pid ${on} kp="${d.num(2, 20)}" ki="1"/>`,
  ]
  const list = [
    `<motor ${on}${limits}${shaft}/>`,
    `<position ${on} kp="${d.num(1, 30)}" kv="${d.num(0, 2)}"${limits}${shaft}/>`,
    `<velocity ${on} kv="${d.num(0.1, 3)}"${limits}/>`,
    `<damper ${on} kv="${d.num(0.1, 2)}" ctrlrange="0 1"/>`,
    `<general ${on} gaintype="affine" gainprm="${d.vec(2)}" biastype="affine" biasprm="${d.num(-1, 1)} -${d.num(0, 5)} -${d.num(0, 1)}"${limits}/>`,
    `<general ${on} dyntype="integrator" gainprm="5" biastype="affine" biasprm="0 -5 0"${act}${early}/>`,
    `<general ${on} dyntype="filter" dynprm="${d.num(0.02, 0.1)}" gainprm="${d.num(-4, 4)}"${act}${early}/>`,
    `<general ${on} dyntype="filterexact" dynprm="${d.num(0.02, 0.1)}" gainprm="${d.num(-4, 4)}"${limits}${early}/>`,
    `<intvelocity ${on} kp="${d.num(1, 10)}" actrange="-1 1"/>`,
    d.pick(motors),
    d.pick(pids),
  ]
  return d.pick(list)
}

/**
 * MJCF of a random model: same seed, same text.
 *
 * @param flag an option flag to disable; contact always is
 */
export function randomModel(seed: number, flag = '', options: RandomModelOptions = {}): string {
  const d = new Draw(seed)
  const count = options.bodies ?? 1 + d.int(12)
  const normal = d.int(3)
  const along = [AXES[normal], AXES[normal + 3]]
  const across = AXES.filter((_, i) => i % 3 !== normal)
  const joints: Joint[] = []
  const children: number[][] = Array.from({ length: count + 1 }, () => [])
  // parents nearer the end make chains more likely than bushes
  for (let b = 1; b <= count; b++) children[d.chance(0.6) ? b - 1 : d.int(b)].push(b)

  const draw = (b: number, top: boolean): string => {
    const welded = d.chance(0.15)
    const own: string[] = []
    const add = (type: Joint['type'], axis: string): void => {
      const one = { name: `j${joints.length}`, type }
      joints.push(one)
      own.push(joint(d, one, axis))
    }
    if (options.planar) {
      // two hinges of one body, or two slides along one axis, would make M nearly singular
      const kinds = welded ? '' : d.pick(['h', 'h', 'h', 's', 'sh', top ? 'uvh' : 'h'])
      for (const kind of kinds) {
        if (kind === 'h') add('hinge', d.pick(along))
        else add('slide', kind === 's' ? d.pick(across) : across[kind === 'u' ? 0 : 1])
      }
    } else if (!welded) {
      if (top && d.chance(0.25)) add('free', '')
      else if (d.chance(0.2)) {
        if (d.chance(0.3)) add('slide', d.pick(AXES))
        add('ball', '')
      } else
        for (let k = d.chance(0.75) ? 1 : 2 + d.int(2); k > 0; k--)
          add(d.chance(0.7) ? 'hinge' : 'slide', d.chance(0.5) ? d.pick(AXES) : d.vec(1))
    }
    const turned = options.planar
      ? ''
      : d.chance(0.5)
        ? ` quat="${d.vec(1, 4)}"`
        : d.chance(0.3)
          ? ` euler="${d.pick(['90 0 0', '0 180 0', '0 0 -90'])}"`
          : ''
    // a body without mass of its own: a frame, or one that a child welded to it makes heavy
    const massless = d.chance(0.1)
      ? `<body pos="${d.vec(0.1)}">${geom(d)}</body>`
      : geom(d) + d.maybe(0.3, () => geom(d))
    return `<body name="b${b}" pos="${d.chance(0.2) ? '0 0 0' : d.vec(0.4)}"${turned}>${own.join('')}${massless}
      ${children[b].map(child => draw(child, false)).join('')}</body>`
  }
  const world = children[0].map(b => draw(b, true)).join('\n')

  const scalar = joints.filter(j => j.type === 'slide' || j.type === 'hinge')
  const equalities: string[] = []
  for (let k = scalar.length > 1 && d.chance(0.5) ? 1 + d.int(3) : 0; k > 0; k--) {
    const [a, b] = [d.pick(scalar), d.pick(scalar)]
    const second = a === b || d.chance(0.2) ? '' : ` joint2="${b.name}"`
    equalities.push(
      `<joint joint1="${a.name}"${second} polycoef="${d.vec(0.3, 2)} ${d.vec(0.2)}"${d.maybe(0.5, () => `solref="${solref(d)}" solimp="${solimp(d)}"`)}${d.maybe(0.1, () => 'active="false"')}/>`,
    )
  }
  const actuators = joints.length > 0 ? Array.from({ length: d.int(5) }, () => actuator(d, d.pick(joints))) : []
  const gravity = d.maybe(0.5, () => `gravity="${d.vec(10)}"`)
  return `<mujoco><compiler angle="degree"/>
  <option timestep="${d.pick(['0.001', '0.002', '0.004'])}"${gravity} integrator="${d.pick(['Euler', 'implicitfast', 'RK4'])}">
  <flag contact="disable"${flag ? ` ${flag}="disable"` : ''}/></option>
  <worldbody>${world}</worldbody>
  ${equalities.length > 0 ? `<equality>${equalities.join('')}</equality>` : ''}
  ${actuators.length > 0 ? `<actuator>${actuators.join('')}</actuator>` : ''}
  <sensor><framepos objtype="xbody" objname="b${count}"/><framequat objtype="body" objname="b1"/></sensor></mujoco>`
}
