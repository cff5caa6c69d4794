// draws convex shapes on a canvas, far ones first, with a simple light; inlined after chart.mjs, before player.mjs
globalThis.makeScene = (canvas, geoms, { wide, high }) => {
  // mjtGeom
  const [PLANE, SPHERE, CAPSULE, ELLIPSOID, CYLINDER] = [0, 2, 3, 4, 5]
  /** directions that an outline is made of */
  const CORNERS = 40
  const radius = Math.hypot(wide, high)
  /** how near the eye things are still drawn, m */
  const near = 0.1 * radius
  const pen = canvas.getContext('2d')
  const planes = geoms.filter(geom => geom.still && geom.type === PLANE)
  const solids = geoms.filter(geom => geom.type !== PLANE)
  const ground = planes.find(({ axes }) => axes[2][2] > 0.9)
  // black would be lost on a dark page
  for (const geom of geoms) geom.rgb = geom.rgba.slice(0, 3).map(c => 255 * (0.08 + 0.92 * Math.min(1, Math.max(0, c))))

  // width, height and colours of the picture; place and axes of the camera, pixels per unit of slope, towards the light
  let [w, h, colours] = [1, 1, {}]
  let [look, eye, right, up, ahead, focal, light] = []

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
  /** p + the sum of scale * vector over [scale, vector, …] */
  const plus = (p, ...terms) => {
    const out = [...p]
    for (let i = 0; i < terms.length; i += 2) for (let k = 0; k < 3; k++) out[k] += terms[i] * terms[i + 1][k]
    return out
  }
  const sum = (...terms) => plus([0, 0, 0], ...terms)
  const depth = p => dot(p, ahead) - dot(eye, ahead)
  const project = p => {
    const d = plus(p, -1, eye)
    const scale = focal / dot(d, ahead)
    return [w / 2 + scale * dot(d, right), h / 2 - scale * dot(d, up)]
  }
  /** a path through points of the picture */
  const trace = points => {
    for (const [i, [x, y]] of points.entries()) i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)
    pen.closePath()
  }
  /** what a function gives of unit vectors all around, in the plane of two */
  const around = (u, v, point) =>
    Array.from({ length: CORNERS }, (_, i) => {
      const angle = (2 * Math.PI * i) / CORNERS
      return point(sum(Math.cos(angle), u, Math.sin(angle), v))
    })

  /** the point of a geom farthest along a unit vector */
  function support({ type, size, pos, axes }, direction) {
    const along = axes.map(axis => dot(axis, direction))
    let local = along.map((x, k) => Math.sign(x) * size[k])
    if (type === SPHERE || type === CAPSULE) local = along.map(x => x * size[0])
    if (type === CAPSULE) local[2] += Math.sign(along[2]) * size[1]
    if (type === ELLIPSOID) {
      const length = Math.hypot(...along.map((x, k) => size[k] * x)) || 1
      local = along.map((x, k) => (size[k] * size[k] * x) / length)
    }
    if (type === CYLINDER) {
      const length = Math.hypot(along[0], along[1]) || 1
      local = [(size[0] * along[0]) / length, (size[0] * along[1]) / length, Math.sign(along[2]) * size[1]]
    }
    return plus(pos, local[0], axes[0], local[1], axes[1], local[2], axes[2])
  }

  /** colour of a surface with that normal */
  function lit({ rgb }, normal) {
    const k = 0.55 + 0.6 * Math.max(0, dot(normal, light))
    return `rgb(${rgb.map(c => Math.round(k <= 1 ? c * k : 255 - (255 - c) * (2 - k))).join()})`
  }

  function fill(points, paint) {
    pen.beginPath()
    trace(points)
    pen.fillStyle = paint
    pen.fill()
    pen.stroke()
  }

  /** a flat face, when it is turned towards the eye */
  function face(geom, sign, axis, corners) {
    const normal = sum(sign, axis)
    if (dot(normal, plus(corners[0], -1, eye)) < 0) fill(corners.map(project), lit(geom, normal))
  }

  function box(geom) {
    const { pos, axes, size } = geom
    for (const [n, u, v] of [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ])
      for (const sign of [-1, 1]) {
        const corner = (p, q) => plus(pos, sign * size[n], axes[n], p * size[u], axes[u], q * size[v], axes[v])
        face(geom, sign, axes[n], [corner(1, 1), corner(1, -1), corner(-1, -1), corner(-1, 1)])
      }
  }

  /** light on a round shape: along an axis that is seen all the same, else out from the lit side */
  function shade(geom, points) {
    const [x, y] = project(geom.pos)
    const axis = geom.axes[2]
    const [ax, ay] = [dot(axis, right), dot(axis, up)]
    const side = Math.hypot(ax, ay)
    if ((geom.type !== CAPSULE && geom.type !== CYLINDER) || side < 0.2) {
      const r = Math.max(...points.map(([px, py]) => Math.hypot(px - x, py - y)))
      const paint = pen.createRadialGradient(x - 0.35 * r, y - 0.6 * r, 0, x - 0.1 * r, y - 0.2 * r, 1.25 * r)
      paint.addColorStop(0, lit(geom, light))
      paint.addColorStop(1, lit(geom, [0, 0, 0]))
      return paint
    }
    const r = (geom.size[0] * focal) / depth(geom.pos)
    const [dx, dy] = [(-ay / side) * r, (-ax / side) * r]
    const paint = pen.createLinearGradient(x - dx, y - dy, x + dx, y + dy)
    // normals of the half that is seen: from across the axis to towards the eye
    const across = sum(-ay / side, right, ax / side, up)
    const facing = sum(-1, ahead, dot(ahead, axis), axis)
    const length = Math.hypot(...facing) || 1
    for (let i = 0; i <= 6; i++) {
      const u = i / 3 - 1
      paint.addColorStop(i / 6, lit(geom, sum(u, across, Math.sqrt(Math.max(0, 1 - u * u)) / length, facing)))
    }
    return paint
  }

  function solid(geom) {
    const { type, pos, axes, size } = geom
    pen.globalAlpha = Math.min(1, geom.rgba[3])
    if (type < SPHERE || type > CYLINDER) return box(geom)
    const points = around(right, up, direction => project(support(geom, direction)))
    fill(points, shade(geom, points))
    if (type !== CYLINDER) return
    for (const sign of [-1, 1])
      face(
        geom,
        sign,
        axes[2],
        around(axes[0], axes[1], d => plus(pos, size[0], d, sign * size[1], axes[2])),
      )
  }

  /** what solids keep from a light straight above the ground; where two overlap, one */
  function shadows() {
    const height = ground.pos[2]
    pen.beginPath()
    for (const geom of solids) {
      if (geom.pos[2] < height) continue
      const points = around([1, 0, 0], [0, 1, 0], direction => [...support(geom, direction).slice(0, 2), height])
      if (points.every(p => depth(p) > near)) trace(points.map(project))
    }
    pen.fillStyle = colours.shadow
    pen.fill()
  }

  /** lines of a plane about the point looked at, fainter with distance */
  function grid({ pos, axes, size }) {
    const decade = 10 ** Math.floor(Math.log10(radius))
    const spacing = decade * [5, 2, 1, 0.5].find(part => decade * part <= 0.7 * radius)
    const [rings, lines] = [6, 12]
    const paths = Array.from({ length: rings }, () => new Path2D())
    const middle = axes.map(axis => dot(plus(look, -1, pos), axis))
    // sizes are those of a finite plane, 0: without end
    const within = (x, k) => (size[k] > 0 ? Math.max(-size[k], Math.min(size[k], x)) : x)
    for (const [along, across] of [
      [0, 1],
      [1, 0],
    ])
      for (let line = -lines; line <= lines; line++) {
        const off = (Math.round(middle[across] / spacing) + line) * spacing
        if (within(off, across) !== off) continue
        // one stroke as long as it stays in a ring
        let [from, last] = [undefined, -1]
        for (let i = -lines; i <= lines; i++) {
          const to = plus(pos, within(middle[along] + i * spacing, along), axes[along], off, axes[across])
          const point = depth(to) > near ? project(to) : undefined
          const ring = Math.floor((rings * Math.hypot(i - 0.5, (off - middle[across]) / spacing)) / lines)
          if (from !== undefined && point !== undefined && ring < rings) {
            if (ring !== last) paths[ring].moveTo(...from)
            paths[ring].lineTo(...point)
          }
          ;[from, last] = [point, from === undefined ? -1 : ring]
        }
      }
    pen.strokeStyle = colours.grid
    for (const [ring, path] of paths.entries()) {
      pen.globalAlpha = 1 - ring / rings
      pen.stroke(path)
    }
    pen.globalAlpha = 1
  }

  return {
    fit(width, height, names) {
      ;[w, h, colours] = [width, height, names]
    },
    /** the picture of a camera that looks at a point; azimuth 0 along +y, elevation 0 level, rad */
    draw(point, azimuth, elevation, zoom) {
      const [sa, ca, se, ce] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)]
      ;[look, right, ahead, up] = [point, [ca, -sa, 0], [sa * ce, ca * ce, -se], [sa * se, ca * se, ce]]
      focal = 1.7 * h
      // far enough for all to be seen, with a margin
      const distance = focal * Math.max((2.7 * (high * ce + wide * Math.abs(se))) / h, (2.4 * wide) / w)
      eye = plus(look, -distance / zoom, ahead)
      light = sum(-0.35, right, 0.75, up, -0.56, ahead)
      pen.clearRect(0, 0, w, h)
      pen.lineWidth = 1
      pen.lineJoin = 'round'
      for (const plane of planes) grid(plane)
      if (ground !== undefined) shadows()
      pen.strokeStyle = colours.edge
      // what stays first; depths are coarse, so that limbs side by side do not change places at every step
      const far = geom => Math.round(depth(geom.pos) / (0.01 * radius))
      const order = solids.filter(geom => depth(geom.pos) > near)
      for (const geom of order.sort((a, b) => b.still - a.still || far(b) - far(a))) solid(geom)
      pen.globalAlpha = 1
    },
  }
}
