/** The expanding polytope algorithm: penetration depth of two convex objects (van den Bergen 2001). */
import { ADJ, DIST, DIST2, FAR, HORIZON, LAMBDA, MAXEDGE, NEDGE, NFACE, NMAP, NUMBER, PROJ, TOLERANCE, VERT1, VERT2, X, X1, X2, Y, Z, dot, face, iterations, map, room, set, vertex } from './layout'
import { CCD_MAP } from '../../../shared/fields'
import { attachFace, corner, firstPolytope, horizon, insertSupport, mapFace, next } from './polytope'
import { affine } from './simplex'

/** how far the upper bound may fall below the lower one in the first iteration */
const CROSSED: f64 = 1e-10

/** witness point of one object (offset: VERT1 or VERT2) on a face */
function witness(out: usize, c: usize, f: usize, offset: usize): void {
  const a = vertex(c, corner(f, 0)) + offset, b = vertex(c, corner(f, 1)) + offset, d = vertex(c, corner(f, 2)) + offset
  const l0 = load<f64>(c + LAMBDA), l1 = load<f64>(c + LAMBDA, 8), l2 = load<f64>(c + LAMBDA, 16)
  set(out, l0 * X(a) + l1 * X(b) + l2 * X(d), l0 * Y(a) + l1 * Y(b) + l2 * Y(d), l0 * Z(a) + l1 * Z(b) + l2 * Z(d))
}

/** a face from w (vertex number) to every edge of the horizon; false on an unrecoverable numerical issue */
function coverHorizon(c: usize, w: i32, lower2: f64, upper2: f64): bool {
  const first = load<i32>(c + NFACE), n = load<i32>(c + NEDGE)
  for (let i = 0; i < n; i++) {
    const number = load<i32>(c + HORIZON + 8 * <usize>i), edge = load<i32>(c + HORIZON + 8 * <usize>i, 4)
    const beyond = face(c, number)
    store<i32>(beyond + ADJ + 4 * <usize>edge, first + i)
    const before = i == 0 ? first + n - 1 : first + i - 1, after = i == n - 1 ? first : first + i + 1
    const d2 = attachFace(c, w, corner(beyond, next(edge)), corner(beyond, edge), before, number, after)
    if (d2 == 0) return false
    if (d2 >= lower2 && d2 <= upper2) mapFace(c, first + i)
  }
  return true
}

/** the face closest to the origin of those in the map, if there is one */
function closestFace(c: usize): usize {
  let best: usize = 0, least = FAR
  const end = map(c, load<i32>(c + NMAP))
  for (let entry = map(c, 0); entry < end; entry += CCD_MAP) {
    const d2 = load<f64>(entry)
    const closer = d2 < least
    best = select<usize>(entry, best, closer)
    least = select<f64>(d2, least, closer)
  }
  return best == 0 ? 0 : face(c, load<i32>(best, NUMBER))
}

/**
 * Penetration of two objects whose Minkowski difference contains the origin, from the simplex of `gjk`: DIST (negative),
 * X1, X2. Returns the face of the polytope where it is, 0 when it finds none.
 *   source  MuJoCo engine_collision_gjk.c, epa
 */
export function epa(c: usize): usize {
  if (!firstPolytope(c)) return 0
  const tolerance = load<f64>(c + TOLERANCE)
  const limit = iterations(c)
  let upper = FAR, upper2 = FAR
  let best: usize = 0
  for (let k = 0; k < limit; k++) {
    const f = closestFace(c)
    // no face left below the upper bound: the previous one it is
    if (f == 0 || load<f64>(f, DIST2) > upper2) break
    best = f
    const lower2 = load<f64>(f, DIST2)
    if (lower2 <= 0) break
    const lower = sqrt(lower2)
    const number = insertSupport(c, f + PROJ, lower)
    const w = vertex(c, number)
    const reach = dot(f + PROJ, w) / lower
    if (reach < upper) {
      upper = reach
      upper2 = upper * upper
    }
    if (upper - lower < tolerance) {
      if (k == 0 && upper < lower - CROSSED) return 0
      break
    }
    horizon(c, f, w)
    const n = load<i32>(c + NEDGE)
    if (n < 3 || n > MAXEDGE) return 0
    if (n > room(c) - load<i32>(c + NFACE)) break
    if (!coverHorizon(c, number, lower2, upper2)) return 0
    if (load<i32>(c + NMAP) == 0) break
  }
  if (best == 0) return 0
  affine(c + LAMBDA, vertex(c, corner(best, 0)), vertex(c, corner(best, 1)), vertex(c, corner(best, 2)), best + PROJ)
  witness(c + X1, c, best, VERT1)
  witness(c + X2, c, best, VERT2)
  store<f64>(c + DIST, -sqrt(load<f64>(best, DIST2)))
  return best
}
