/**
 * The CPU side of these tests: one test build of the assembly for all of them, because each build takes its time.
 *
 * Functions that take or return vectors cannot be called from JavaScript: those below stand before them.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildStages } from './harness.js'

const ROWS = `
import { collision } from '../../assembly/sim/collision/driver'
import { coneHessian, coneLine, curved, force, product, residual, zoneAt } from '../../assembly/sim/cone'
import { countRows, makeConstraint } from '../../assembly/sim/constraint'
import { C_DIM, C_ZONE, forceOf, jarOf, jpOf, sizeOf } from '../../assembly/sim/contact'
import { contactForce, contactRows, equalityForce, jointLimitForce, ncon, tendonLimitForce } from '../../assembly/sim/contact-force'
import { forward, inertiaAndBias } from '../../assembly/sim/forward'
import { geomFrames } from '../../assembly/sim/geoms'
import { ctcEnd } from '../../assembly/sim/row'
import { constraintRows as whole } from '../../assembly/sim/rows'
import { setConst as derived } from '../../assembly/sim/setconst'
import * as f from '../../assembly/shared/fields'

/** what rows are made of */
export function before(m: usize, p: usize, d: usize, s: usize): void {
  inertiaAndBias(m, p, d, s)
  if (f.ncand(m) > 0) {
    geomFrames(m, p, s, false)
    collision(m, p, d, s, i32x4.splat(-1))
  }
}
export function rows(m: usize, p: usize, d: usize, s: usize): void {
  const has = v128.any_true(makeConstraint(m, p, d, s))
  v128.store(f.pgs_w(m, s), f32x4.splat(has ? 1 : 0))
  countRows(m, d, s)
}
/** zones, forces and Hessian of every contact at residuals J x, cost along J p, x and p being qvel and qacc_warmstart */
export function cones(m: usize, d: usize, s: usize, wanted: i32, x: i32, alpha: f32): void {
  const elliptic = load<i32>(f.opt_cone(m)) == 1, J = f.efc_J(m, s), col = f.efc_colind(m, s), out = f.pgs_w(m, s)
  const at = x ? f.qvel(m, d) : f.qacc_warmstart(m, d), along = x ? f.qacc_warmstart(m, d) : f.qvel(m, d)
  for (let k: usize = 0; k < 4; k++) v128.store(out + 16 * k, f32x4.splat(0))
  let k = 0
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM)
    residual(e, J, col, at, jarOf(e, dim))
    product(e, J, col, along, jpOf(e, dim))
    v128.store(e + C_ZONE, zoneAt(e, jarOf(e, dim), elliptic))
    force(e, elliptic, forceOf(e, dim))
    coneLine(e, elliptic, jpOf(e, dim), f32x4.splat(alpha), out)
    if (elliptic && dim > 1 && v128.any_true(curved(e))) v128.store(out + 48, f32x4.add(v128.load(out + 48), f32x4.splat(1)))
    if (k++ == wanted) coneHessian(e, elliptic, f.cone(m, s))
  }
}
export function advance(m: usize, p: usize, d: usize, s: usize): void { forward(m, p, d, s) }
export function forces(m: usize, p: usize, d: usize, s: usize): void {
  contactRows(m, s)
  const out = f.sens_tmp(m, s)
  const stride = max(1, ncon(m, s) / 8)
  for (let k = 0; k < min(8, ncon(m, s)); k++) contactForce(m, s, k * stride, out + 96 * k)
  for (let j = 0; j < min(32, f.njnt(m)); j++) v128.store(out + 16 * (48 + j), jointLimitForce(m, s, j))
  for (let t = 0; t < min(12, f.ntendon(m)); t++) v128.store(out + 16 * (80 + t), tendonLimitForce(m, p, s, t))
  for (let e = 0; e < min(6, f.neq(m)); e++) if (load<i32>(f.eq_type(m) + 4 * e) < 2) equalityForce(m, d, s, e, out + 16 * (92 + 6 * e))
}
/** number of the solver's contacts: where they end is an address, which differs from engine to engine */
export function count(m: usize, s: usize): void {
  let n: f32 = 0
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) n++
  v128.store(f.pgs_w(m, s) + 128, f32x4.splat(n))
}
export function again(m: usize, p: usize, d: usize, s: usize): void { whole(m, p, d, s) }
export function setConst(m: usize, p: usize, d: usize, s: usize): void { derived(m, p, d, s) }
`

const SOLVE = `
import { collision } from '../../assembly/sim/collision/driver'
import { solCG } from '../../assembly/sim/cg'
import { makeConstraint } from '../../assembly/sim/constraint'
import { smoothForces } from '../../assembly/sim/forward'
import { geomFrames } from '../../assembly/sim/geoms'
import { hessianPattern, makeHessian } from '../../assembly/sim/hessian'
import { copyM, factorSolve } from '../../assembly/sim/inertia'
import { evaluate, lineSearch } from '../../assembly/sim/linesearch'
import { solPGS } from '../../assembly/sim/pgs'
import { gaussPart, moveResiduals, rowForces, rowSteps, solNewton, startPoint, updateZones } from '../../assembly/sim/solve'
import * as f from '../../assembly/shared/fields'

const ALL: v128 = i32x4.splat(-1)
function elliptic(m: usize): bool { return load<i32>(f.opt_cone(m)) == 1 }

/** rows and contacts with their residuals, qacc_smooth with its factor in qH */
export function begun(m: usize, p: usize, d: usize, s: usize): i32 {
  smoothForces(m, p, d, s, 0)
  const nv = f.nv(m), x = f.qacc_smooth(m, s)
  if (f.ncand(m) > 0) {
    geomFrames(m, p, s, false)
    collision(m, p, d, s, ALL)
  }
  const has = v128.any_true(makeConstraint(m, p, d, s))
  copyM(m, f.qM(m, s), f.qH(m, s))
  memory.copy(x, f.qfrc_smooth(m, s), 16 * nv)
  factorSolve(nv, f.qH(m, s), x, f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
  return has ? 1 : 0
}
/** where the solver begins, its forces and Hessian there; the right-hand side goes to qHDiagInv */
export function begin(m: usize, d: usize, s: usize): void {
  startPoint(m, d, s)
  updateZones(m, s, elliptic(m))
  rowForces(m, d, s, elliptic(m))
  hessianPattern(m, s)
  makeHessian(m, s, f.qH(m, s), f.qHDiagInv(m, s), elliptic(m))
}
/** a step p = qacc_smooth - qacc: its cost at four lengths, both searches, and the residuals 0.7 p further */
export function line(m: usize, d: usize, s: usize): void {
  const tmp = f.tmp(m, s), x = f.qacc(m, d), p = f.sol_x(m, s)
  for (let i: usize = 0, n: usize = 16 * f.nv(m); i < n; i += 16) {
    v128.store(p + i, f32x4.sub(v128.load(f.qacc_smooth(m, s) + i), v128.load(x + i)))
  }
  rowSteps(m, s, p)
  gaussPart(m, s, x)
  const g = v128.load(tmp + 16 * 42), h = v128.load(tmp + 16 * 43)
  for (let rough: usize = 0; rough < 2; rough++) {
    const alpha = lineSearch(m, s, g, h, f32x4.splat(1e-6), ALL, elliptic(m), rough != 0)
    v128.store(tmp + 16 * (44 + 3 * rough), alpha)
    v128.store(tmp + 16 * (45 + 3 * rough), v128.load(tmp + 16 * 40))
    v128.store(tmp + 16 * (46 + 3 * rough), v128.load(tmp + 16 * 41))
  }
  for (let k: usize = 0; k < 3; k++) evaluate(m, s, f32x4.splat(0.1 + 0.9 * <f32>k), g, h, elliptic(m), tmp + 16 * (50 + 4 * k))
  moveResiduals(m, s, f32x4.splat(0.7), ALL)
}
export function start(m: usize, d: usize, s: usize): void { startPoint(m, d, s) }
export function newton(m: usize, d: usize, s: usize): i32 { return v128.any_true(solNewton(m, d, s, ALL)) ? 1 : 0 }
export function cg(m: usize, d: usize, s: usize): i32 { return v128.any_true(solCG(m, d, s, ALL)) ? 1 : 0 }
export function pgs(m: usize, d: usize, s: usize): i32 { return v128.any_true(solPGS(m, d, s, ALL)) ? 1 : 0 }
`

const SMOOTH = `
import { copyM, crb, factorI, factorSolve, mulM, solveLD } from '../../assembly/sim/inertia'
import { chain, lastDof, pointJacobian } from '../../assembly/sim/jacobian'
import { addOuter } from '../../assembly/sim/outer'
import { clearWrenches, addWrench, projectWrenches } from '../../assembly/sim/wrench'
import { at, i32at } from '../../assembly/sim/types'
import { splat, st, V } from '../../assembly/math/v4'
import * as f from '../../assembly/shared/fields'
export function ownPattern(m: usize, s: usize): void {
  memory.copy(f.Hs_rownnz(m, s), f.M_rownnz(m), 4 * <usize>f.nv(m))
  memory.copy(f.Hs_rowadr(m, s), f.M_rowadr(m), 4 * <usize>f.nv(m))
  memory.copy(f.Hs_colind(m, s), f.M_colind(m), 4 * <usize>f.nMnz(m))
}
export function solve(m: usize, s: usize): void {
  copyM(m, f.qM(m, s), f.qH(m, s))
  factorSolve(f.nv(m), f.qH(m, s), f.qacc_smooth(m, s), f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
}
export function factorAndSolve(m: usize, s: usize): void {
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  copyM(m, f.qM(m, s), f.qH(m, s))
  factorI(f.nv(m), f.qH(m, s), f.qHDiagInv(m, s), nnz, adr, col)
  solveLD(f.nv(m), f.qH(m, s), f.qHDiagInv(m, s), f.qacc_smooth(m, s), nnz, adr, col)
}
export function multiply(m: usize, s: usize): void { mulM(m, f.qM(m, s), f.sol_Mx(m, s), f.sol_x(m, s)) }
export function relative(m: usize, p: usize, s: usize, b1: i32, b2: i32, dim: i32, has: i32): void {
  const n = chain(m, b1, b2, f.fluid_col(m, s), f.Hs_sign(m, s))
  store<i32>(f.cursor(m, s), n)
  store<i32>(f.cursor(m, s) + 4, lastDof(m, b1))
  pointJacobian(m, p, s, f.tmp(m, s), f.tmp(m, s) + 3 * V, dim, abs<i32>(n), f.fluid_col(m, s), f.Hs_sign(m, s), i32x4.splat(has), f.fluid_J(m, s))
}
export function outerOfRow(m: usize, s: usize, nnz: i32, scale: f32): void {
  copyM(m, f.qM(m, s), f.qH(m, s))
  addOuter(m, s, f.qH(m, s), nnz, f.fluid_col(m, s), f.fluid_J(m, s), splat(scale))
}
export function outerOfTendons(m: usize, p: usize, s: usize, scale: f32): void {
  copyM(m, f.qM(m, s), f.qH(m, s))
  for (let t = 0; t < f.ntendon(m); t++) {
    const adr = i32at(f.ten_rowadr(m), t)
    addOuter(m, s, f.qH(m, s), i32at(f.ten_rownnz(m), t), f.ten_colind(m) + 4 * <usize>adr, at(f.ten_J(m, p), adr), splat(scale))
  }
}
export function applied(m: usize, p: usize, d: usize, s: usize, qfrc: usize): void {
  clearWrenches(m, s)
  for (let b = 1; b < f.nbody(m); b++) {
    if (i32at(f.body_lnk(m), b) < 0) continue
    const x = f.xfrc_applied(m, d) + 6 * V * <usize>b
    addWrench(m, p, s, b, x, x + 3 * V)
  }
  for (let i = 0; i < f.nv(m); i++) st(at(qfrc, i), splat(0))
  projectWrenches(m, p, s, qfrc)
}
`

const folder = fileURLToPath(new URL('../../build/stages/', import.meta.url))

/** name → file of all functions of a text, written where the build finds it */
function own(text: string): Record<string, string> {
  const name = `own-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}${name}.ts`, text)
  return Object.fromEntries([...text.matchAll(/export function (\w+)/g)].map(x => [x[1], `../build/stages/${name}`]))
}

export const stages = buildStages({
  ...own(ROWS),
  ...own(SOLVE),
  ...own(SMOOTH),
  smoothForces: 'sim/forward',
  derive: 'sim/forward',
  contacts: 'sim/forward',
  forward: 'sim/forward',
  step: 'sim/forward',
  kinematics: 'sim/kinematics',
  comPos: 'sim/kinematics',
  rne: 'sim/bias',
  crb: 'sim/inertia',
  planarForces: 'sim/planar',
  mocapFrames: 'sim/mocap',
  frames: 'sim/frames',
  geomConstants: 'sim/geoms',
  geomFrames: 'sim/geoms',
  applyXfrc: 'sim/wrench',
  gravcomp: 'sim/wrench',
  profileBlock: 'rollout/profile',
  rayGeom: 'sim/ray',
  rayNormal: 'sim/ray',
  insideGeom: 'sim/ray',
})
