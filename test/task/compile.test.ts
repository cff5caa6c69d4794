/** Programs: right numbers, no more instructions and registers than needed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { layOut, topology } from '../../bindings/engine/layout.js'
import type { Model } from '../../bindings/model/model.js'
import { INSTRUCTION, OP, type OpName, type Program, type Segment } from '../../bindings/program.js'
import {
  type CompiledTask,
  defineTask,
  type ExprLike,
  Interpreter,
  type Scope,
  type TaskTerms,
  vec,
} from '../../bindings/task/index.js'
import { rng } from '../support/oracle.js'
import { walkerModel } from './models.js'
import { type Leaves, randomTwins, type Twin } from './random-expressions.js'

let model: Model

test.before(async () => {
  model = await walkerModel()
})

const compileTerms = (define: (s: Scope) => Partial<TaskTerms>): CompiledTask =>
  defineTask({
    name: 'test',
    model,
    frameSkip: 2,
    episodeLength: 10,
    define: s => ({
      observation: { z: s.qpos[2] },
      action: { kind: 'torque', scale: 1 },
      reward: { none: 0 },
      ...define(s),
    }),
  }).compile(model)

const NAMES = Object.fromEntries(Object.entries(OP).map(([name, op]) => [op, name])) as Record<number, OpName>

/** operations of a segment, in order */
function operations({ code, segments }: Program, segment: Segment): OpName[] {
  const [begin, end] = segments[segment]
  return Array.from({ length: end - begin }, (_, i) => NAMES[code[(begin + i) * INSTRUCTION]])
}

const observe = (observation: (s: Scope) => ExprLike): OpName[] =>
  operations(compileTerms(s => ({ observation: { x: observation(s) } })).program, 'observe')

test('random expressions give the bits of their formulas', () => {
  const random = rng(1)
  for (let trial = 0; trial < 30; trial++) {
    let twins: Twin[] = []
    const seed = 100 + trial
    const compiled = compileTerms(s => {
      // the definition is called twice and must be the same each time
      twins = randomTwins(s, rng(seed), 10 + 12 * trial)
      return { observation: { all: vec(...twins.map(t => t.expr)) } }
    })
    const world = new Interpreter(compiled.program, model, compiled.layout)
    for (let k = 0; k < 20; k++) {
      const leaves: Leaves = {
        qpos: Float32Array.from({ length: model.nq }, () => random.normal()),
        // some equal to numbers that stand in the formulas
        qvel: Float32Array.from({ length: model.nv }, () => Math.round(2 * random.normal()) / 2),
      }
      world.set('qpos', leaves.qpos)
      world.set('qvel', leaves.qvel)
      for (const [i, x] of world.observe().entries()) {
        const expected = twins[i].value(leaves)
        // the sign of 0 may get lost: x + 0 is x
        assert.ok(
          x === expected || (Number.isNaN(x) && Number.isNaN(expected)),
          `trial ${trial}, expression ${i}: ${x}, expected ${expected}`,
        )
      }
    }
  }
})

test('constants never change, and stand in the first registers', () => {
  const { program } = compileTerms(s => ({
    observation: {
      x: s.qpos.map((x, i) =>
        x
          .unitless()
          .mul(i + 2)
          .add(0.5),
      ),
    },
  }))
  for (let i = 0; i < program.code.length; i += INSTRUCTION) {
    const op = NAMES[program.code[i]]
    if (op.startsWith('STORE')) continue
    assert.ok(program.code[i + 1] >= program.consts.length, 'a constant is written')
    assert.ok(program.code[i + 1] < program.nreg)
  }
  assert.equal([...new Set(program.consts)].length, program.consts.length)
})

test('nothing but the kernel writes the action and the delayed commands', () => {
  const { program } = compileTerms(s => ({
    observation: { x: s.qpos.mul(2) },
    action: { kind: 'pd', pose: [0, 0], scale: 0.5, kp: 10, kd: 1, actuators: ['hip', 'ankle'] },
    reward: { cost: s.actions.squared() },
  }))
  const guarded = (register: number) =>
    register >= program.action && register < program.delayed + program.command.length
  for (let i = 0; i < program.code.length; i += INSTRUCTION) {
    if (NAMES[program.code[i]].startsWith('STORE')) continue
    assert.not.ok(guarded(program.code[i + 1]))
  }
  assert.is(program.delayed, program.action + program.nact)
})

test('equal expressions are computed once', () => {
  assert.equal(
    observe(s => [s.qpos[0].add(s.qpos[1]).mul(3), s.qpos[1].add(s.qpos[0]).mul(3)]),
    ['LOAD_D', 'LOAD_D', 'ADD', 'MUL'],
  )
  const body = (s: Scope) => s.body('foot').xvel.norm()
  const once = observe(body)
  assert.equal(
    observe(s => [body(s), body(s)]),
    once,
  )
})

test('the past of equal expressions is kept once', () => {
  const one = compileTerms(s => ({ observation: { a: s.prev(s.qpos[0].add(1)) } }))
  const two = compileTerms(s => ({
    observation: { a: s.prev(s.qpos[0].add(1)), b: s.history(s.qpos[0].add(1), 2)[1], c: s.rate(s.qpos[0].add(1)) },
  }))
  assert.is(one.program.nslot, 2)
  assert.is(two.program.nslot, 2)
})

test('what follows from constants is a constant', () => {
  const compiled = compileTerms(s => ({
    observation: {
      folded: s.const(2).mul(3).add(s.const(1).exp().log()).sin(),
      none: s.qpos[0].add(0),
      one: s.qpos[0].mul(1),
      chosen: s.const(0).where(s.qpos[1], s.qpos[0]),
    },
  }))
  assert.equal(operations(compiled.program, 'observe'), ['LOAD_D'])
  const [folded] = new Interpreter(compiled.program, model, compiled.layout).observe()
  assert.ok(Math.abs(folded - Math.sin(7)) < 1e-6)
})

test('what nobody reads is left out', () => {
  const compiled = compileTerms(s => {
    s.variable('unused', { reset: s.uniform(0, 1), every: 1 })
    s.state('idle', { reset: 0, next: x => x.add(1) })
    s.prev(s.body('foot').xvel.norm())
    return { observation: { x: s.qpos[0] } }
  })
  const { program } = compiled
  assert.is(program.nslot, 1)
  assert.is(program.needs, 0)
  assert.equal(operations(program, 'observe'), ['LOAD_D'])
  assert.equal(
    [...operations(program, 'reset'), ...operations(program, 'dynamics'), ...operations(program, 'update')],
    [],
  )
})

test('a product that one sum needs is part of it', () => {
  assert.equal(
    observe(s => s.qpos[0].mul(s.qpos[7]).add(s.qpos[2])),
    ['LOAD_D', 'LOAD_D', 'LOAD_D', 'MAD'],
  )
  // two sums need it
  const both = observe(s => {
    const product = s.qpos[0].mul(s.qpos[1]).unitless()
    return [product.add(s.qpos[2]), product.add(s.qpos[3])]
  })
  assert.equal(
    both.filter(op => op === 'MUL' || op === 'MAD'),
    ['MUL'],
  )
})

test('random numbers of a segment stand four to a block', () => {
  const compiled = compileTerms(s => ({
    observation: { normal: Array.from({ length: 5 }, () => s.normal()), uniform: [s.uniform(0, 1), s.uniform(0, 1)] },
    reset: { qvel: s.qvel.map(() => s.normal(0, 0.1)) },
  }))
  const blocks = (segment: Segment, op: OpName) => {
    const { code, segments } = compiled.program
    const [begin, end] = segments[segment]
    const found: string[] = []
    for (let i = begin; i < end; i++)
      if (code[i * INSTRUCTION] === OP[op])
        found.push(code.subarray(i * INSTRUCTION + 2, i * INSTRUCTION + 4).join(' '))
    return found
  }
  const places = [...blocks('observe', 'NORMAL4'), ...blocks('observe', 'UNIFORM4')]
  assert.is(places.length, 3)
  assert.is(new Set(places).size, 3, 'no two blocks are the same')
  assert.is(blocks('reset', 'NORMAL4').length, 2)
})

test('registers are used again', () => {
  // a long sum needs few registers, however long it is
  const registers = (n: number) =>
    compileTerms(s => ({
      observation: {
        x: Array.from({ length: n }, (_, i) =>
          s.qpos[i % 9]
            .unitless()
            .mul(i + 0.5)
            .sin(),
        ).reduce((a, b) => a.add(b)),
      },
    })).program
  const [short, long] = [registers(20), registers(80)]
  assert.ok(long.nreg - long.consts.length <= short.nreg - short.consts.length, 'temporaries grow with the sum')
  assert.ok(short.nreg - short.consts.length < 20)
})

test('a graph may be as deep as it likes', () => {
  const { program } = compileTerms(s => {
    let x = s.qpos[0].unitless()
    for (let i = 0; i < 5000; i++) x = x.mul(0.5).add(i)
    return { observation: { x } }
  })
  assert.is(program.segments.observe[1] - program.segments.observe[0], 5001)
})

test('the past of a rotation is a rotation', () => {
  assert.equal(
    observe(s => s.prev(s.body('foot').xquat).w),
    // read, and kept for the next step
    ['LOAD_T', 'LOAD_S', 'STORE_T'],
  )
})

test('offsets are those of the layout it is compiled for', () => {
  const task = defineTask({
    name: 'test',
    model,
    frameSkip: 1,
    episodeLength: 1,
    define: s => ({
      observation: { foot: s.body('foot').xpos },
      action: { kind: 'torque', scale: 1 },
      reward: { none: 0 },
    }),
  })
  const few = layOut(topology(model, new Set(), 1).sizes)
  const many = layOut(topology(model, new Set(), 50).sizes)
  for (const layout of [few, many]) {
    const { code } = task.compile(model, layout).program
    const at = (layout.s.get('xpos') as number) + 16 * 3 * model.names.body.indexOf('foot')
    assert.equal([code[0], code[2]], [OP.LOAD_S, at])
  }
})

test('a task is the same program every time', () => {
  const make = () =>
    compileTerms(s => ({
      observation: {
        x: s.noisy(s.history(s.body('foot').xvel, 3), { std: 0.1 }),
        goal: s.variable('g', { reset: s.uniform(0, 1), every: 2 }),
      },
      reward: { a: s.centerOfMass().norm(), b: s.actions.sub(s.lastActions).norm() },
    })).program
  const [a, b] = [make(), make()]
  assert.equal(a.code, b.code)
  assert.equal(a.consts, b.consts)
})

test.run()
