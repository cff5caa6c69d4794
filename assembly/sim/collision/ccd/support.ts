/** Support points: the farthest point of an object in a direction. */
import { BOX, CAPSULE, CYLINDER, ELLIPSOID, FEATURE1, FEATURE2, LINE, MARGIN, MAT, MINVAL, MINVAL2, OBJ1, OBJ2, POINT, POS, SHAPE, SIZE, VERT1, VERT2, X, Y, Z, set } from './layout'

/** out = farthest point of the object in the unit direction (x, y, z), its margin included; returns its feature */
function supportPoint(out: usize, obj: usize, x: f64, y: f64, z: f64): i32 {
  const shape = load<i32>(obj + SHAPE)
  const pos = obj + POS, mat = obj + MAT, size = obj + SIZE
  if (shape == POINT) {
    set(out, X(pos), Y(pos), Z(pos))
    return -1
  }
  // direction in the frame of the object
  const lx = X(mat) * x + load<f64>(mat, 24) * y + load<f64>(mat, 48) * z
  const ly = Y(mat) * x + load<f64>(mat, 32) * y + load<f64>(mat, 56) * z
  const lz = Z(mat) * x + load<f64>(mat, 40) * y + load<f64>(mat, 64) * z
  const s0 = X(size), s1 = Y(size), s2 = Z(size)
  let px: f64 = 0, py: f64 = 0, pz: f64 = 0
  let feature = -1
  if (shape == BOX) {
    px = lx >= 0 ? s0 : -s0
    py = ly >= 0 ? s1 : -s1
    pz = lz >= 0 ? s2 : -s2
    feature = (px > 0 ? 1 : 0) | (py > 0 ? 2 : 0) | (pz > 0 ? 4 : 0)
  } else if (shape == ELLIPSOID) {
    px = lx * s0
    py = ly * s1
    pz = lz * s2
    const norm2 = px * px + py * py + pz * pz
    if (norm2 < MINVAL2) {
      px = s0
      py = 0
      pz = 0
    } else {
      const inv = 1 / sqrt(norm2)
      px *= inv * s0
      py *= inv * s1
      pz *= inv * s2
    }
  } else if (shape == CYLINDER) {
    const norm2 = lx * lx + ly * ly
    const scale = norm2 >= MINVAL2 ? s0 / sqrt(norm2) : 0
    px = scale * lx
    py = scale * ly
    pz = lz >= 0 ? s1 : -s1
    feature = lz >= 0 ? 0 : 1
  } else {
    // sphere, capsule, line
    if (shape != LINE) {
      px = s0 * lx
      py = s0 * ly
      pz = s0 * lz
    }
    if (shape == CAPSULE || shape == LINE) pz += lz >= 0 ? s1 : -s1
  }
  const margin = 0.5 * load<f64>(obj + MARGIN)
  set(
    out,
    X(mat) * px + Y(mat) * py + Z(mat) * pz + X(pos) + margin * x,
    load<f64>(mat, 24) * px + load<f64>(mat, 32) * py + load<f64>(mat, 40) * pz + Y(pos) + margin * y,
    load<f64>(mat, 48) * px + load<f64>(mat, 56) * py + load<f64>(mat, 64) * pz + Z(pos) + margin * z,
  )
  return feature
}

/** v = vertex of the Minkowski difference farthest in the unit direction (x, y, z) */
export function support(v: usize, c: usize, x: f64, y: f64, z: f64): void {
  store<i32>(v, supportPoint(v + VERT1, c + OBJ1, x, y, z), FEATURE1)
  store<i32>(v, supportPoint(v + VERT2, c + OBJ2, -x, -y, -z), FEATURE2)
  set(v, X(v + VERT1) - X(v + VERT2), Y(v + VERT1) - Y(v + VERT2), Z(v + VERT1) - Z(v + VERT2))
}

/** the same for a direction d of length n; along x when it has none */
export function supportAlong(v: usize, c: usize, d: usize, n: f64): void {
  if (n > MINVAL) support(v, c, X(d) / n, Y(d) / n, Z(d) / n)
  else support(v, c, 1, 0, 0)
}
