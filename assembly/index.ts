/** The exports of the CPU engine. Pointers are byte addresses; ranges are of blocks. */
import { GRADIENT_SCRATCH, gradient } from './es/gradient'
import { factors, product } from './es/lowrank'
import { profileBlock } from './rollout/profile'
import { rolloutBlock, workBytes } from './rollout/episode'
import { replayBlock } from './rollout/replay'
import * as f from './shared/fields'
import * as G from './shared/gradient'
import * as P from './shared/program'
import { contacts as contactsOfBlock, derive as deriveBlock, forward as forwardBlock, step as stepBlock } from './sim/forward'
import { constraintRows } from './sim/rows'
import { setConst as setConstBlock } from './sim/setconst'

// @ts-ignore: decorator
@inline function params(m: usize, block: i32): usize { return <usize>f.pbase(m) + <usize>f.pstride(m) * <usize>block }
// @ts-ignore: decorator
@inline function state(m: usize, block: i32): usize { return <usize>f.dbase(m) + <usize>f.dstride(m) * <usize>block }

/** nstep timesteps of the worlds */
export function step(m: usize, s: usize, begin: i32, end: i32, nstep: i32): void {
  for (let b = begin; b < end; b++) {
    const p = params(m, b), d = state(m, b)
    for (let k = 0; k < nstep; k++) stepBlock(m, p, d, s, k == nstep - 1, false)
  }
}

/** mj_forward of the worlds */
export function forward(m: usize, s: usize, begin: i32, end: i32): void {
  for (let b = begin; b < end; b++) forwardBlock(m, params(m, b), state(m, b), s)
}

/** derived constants of the worlds' parameters; their state is overwritten */
export function setConst(m: usize, s: usize, d: usize, begin: i32, end: i32): void {
  for (let b = begin; b < end; b++) setConstBlock(m, params(m, b), d, s)
}

/** fields that are not kept, left in scratch */
export function derive(m: usize, s: usize, block: i32): void {
  deriveBlock(m, params(m, block), state(m, block), s)
}

/** contacts, left in scratch */
export function collide(m: usize, s: usize, block: i32): void {
  contactsOfBlock(m, params(m, block), state(m, block), s)
}

/** contacts and constraint rows with their forces, left in scratch */
export function rows(m: usize, s: usize, block: i32): void {
  constraintRows(m, params(m, block), state(m, block), s)
}

/** recorded inputs through blocks [begin, end); r: a replay record (rollout/replay.ts) */
export function replay(m: usize, s: usize, r: usize, begin: i32, end: i32): void {
  for (let b = begin; b < end; b++) replayBlock(m, params(m, b), state(m, b), s, r, b)
}

/** episodes on blocks [begin, end) until none is left; r: a rollout record (bindings/program.ts), spare: a block of state */
export function rollout(m: usize, s: usize, r: usize, spare: usize, begin: i32, end: i32): void {
  for (let b = begin; b < end; b++) {
    rolloutBlock(m, params(m, b), state(m, b), s, spare, r, <usize>P.work(r) + <usize>P.workbytes(r) * <usize>b)
  }
}

/** bytes of work memory that each block of a rollout needs */
export function rolloutWork(r: usize): usize { return workBytes(r) }

/** the step of blocks [begin, end) up to a stage, nrep times from the same state; d: a spare block of state */
export function profile(m: usize, s: usize, d: usize, begin: i32, end: i32, stage: i32, nrep: i32): void {
  for (let b = begin; b < end; b++) profileBlock(m, params(m, b), state(m, b), s, d, stage, nrep)
}

/** blocks [begin, end) of an evolution strategy's sums; r: a gradient record (bindings/program.ts), whose kind says which */
export function es(r: usize, s: usize, begin: i32, end: i32): void {
  switch (G.kind(r)) {
    case G.ES_GRADIENT: gradient(r, s, begin, end); break
    case G.ES_FACTORS: factors(r, s, begin, end); break
    default: product(r, begin, end)
  }
}

/** bytes of scratch that a thread needs for es */
export function esScratch(): usize { return GRADIENT_SCRATCH }

export { perturb } from './es/perturb'
export { ranks } from './es/rank'
