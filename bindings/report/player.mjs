// plays a rollout; inlined into the page after chart.mjs and scene.mjs
;(() => {
  const data = JSON.parse(document.getElementById('rollout').textContent)
  const section = document.getElementById('player')
  const find = name => section.querySelector(name)
  const [stage, strip, needle] = [find('.stage'), find('.strip canvas'), find('.strip i')]
  const [scrub, play, speed, view, readout] = ['.scrub', '.play', '.speed', '.view', '.readout'].map(find)
  /** azimuth and elevation, rad; the side view looks along +y */
  const VIEWS = { side: [0, 0.13], front: [-Math.PI / 2, 0.13], quarter: [-0.7, 0.35], above: [0, 1] }

  const buffer = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer
  const poses = new Int16Array(buffer(data.poses))
  const [target, reward, sum] = [data.target, data.reward, data.returnSoFar].map(it => new Float32Array(buffer(it)))
  const { dt, nframe } = data
  const last = (nframe - 1) * dt

  /** the axes of a rotation; its quaternion need not be of length one */
  const axesOf = ([w, x, y, z]) => {
    const s = 2 / (w * w + x * x + y * y + z * z)
    return [
      [1 - s * (y * y + z * z), s * (x * y + w * z), s * (x * z - w * y)],
      [s * (x * y - w * z), 1 - s * (x * x + z * z), s * (y * z + w * x)],
      [s * (x * z + w * y), s * (y * z - w * x), 1 - s * (x * x + y * y)],
    ]
  }
  const geoms = data.geoms.map(({ pose, ...geom }) =>
    pose === undefined
      ? { ...geom, still: false }
      : { ...geom, still: true, pos: pose.slice(0, 3), axes: axesOf(pose.slice(3)) },
  )
  const moving = geoms.filter(geom => !geom.still)
  const scene = makeScene(stage, geoms, data)

  let [time, playing, shown, pending] = [0, false, false, false]
  // ms, of the last picture and of the last words
  let [before, told] = [0, 0]
  let [azimuth, elevation, zoom] = [0, 0, 1]
  /** pixels that the needle goes from the first frame to the last */
  let way = 0

  function draw() {
    // poses between two frames
    const place = Math.min(nframe - 1, time / dt)
    const i = Math.floor(place)
    const [j, share] = [Math.min(nframe - 1, i + 1), place - i]
    const mix = (values, a, b) => values[a] + (values[b] - values[a]) * share
    const look = [0, 1, 2].map(k => mix(target, 3 * i + k, 3 * j + k))
    for (const [m, geom] of moving.entries()) {
      const at = k => mix(poses, 7 * (i * moving.length + m) + k, 7 * (j * moving.length + m) + k)
      geom.pos = look.map((x, k) => x + data.scale * at(k))
      geom.axes = axesOf([at(3), at(4), at(5), at(6)])
    }
    scene.draw(look, azimuth, elevation, zoom)
    needle.style.transform = `translateX(${last > 0 ? (way * time) / last : 0}px)`
    return Math.round(place)
  }

  /** where the picture is, in the page; that makes the browser lay out, and need not be sixty times a second */
  function tell(frame) {
    scrub.value = String(time)
    const number = value => (Number.isFinite(value) ? value.toFixed(Math.abs(value) < 100 ? 2 : 0) : 'n/a')
    readout.textContent = `${time.toFixed(2)} s · reward ${number(reward[frame])} · return ${number(sum[frame])}`
    section.dataset.frame = String(frame)
  }

  function step(now) {
    pending = false
    if (playing && shown) {
      // a page that was asleep goes on where it was
      time += Math.min(0.1, Math.max(0, (now - before) / 1000)) * Number(speed.value)
      if (time > last) time = 0
      ask()
    }
    before = now
    const frame = draw()
    if (playing && now - told < 100) return
    tell(frame)
    told = now
  }

  function ask() {
    if (!pending) requestAnimationFrame(step)
    pending = true
  }

  function setPlaying(value) {
    playing = value
    play.textContent = playing ? '❚❚' : '▶\ufe0e'
    play.ariaLabel = playing ? 'pause' : 'play'
    before = performance.now()
    ask()
  }

  function setView() {
    ;[azimuth, elevation] = VIEWS[view.value]
    zoom = 1
    ask()
  }

  /** sizes and colours, and the line of rewards, which changes with nothing else */
  function fit() {
    const dense = Math.min(2, devicePixelRatio || 1)
    const size = canvas => {
      const [width, height] = [canvas.clientWidth || 1, canvas.clientHeight || 1]
      Object.assign(canvas, { width: Math.round(width * dense), height: Math.round(height * dense) })
      canvas.getContext('2d').setTransform(dense, 0, 0, dense, 0, 0)
      return [width, height]
    }
    scene.fit(...size(stage), Object.fromEntries(['grid', 'shadow', 'edge'].map(it => [it, charts.colour(it)])))
    const [width, height] = size(strip)
    way = width
    const pen = strip.getContext('2d')
    const [low, high] = reward
      .filter(Number.isFinite)
      .reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0])
    const y = value => height - 2 - ((value - low) / (high - low || 1)) * (height - 4)
    pen.fillStyle = charts.colour('line')
    pen.fillRect(0, y(0), width, 1)
    pen.strokeStyle = charts.colour('evaluation')
    pen.beginPath()
    for (const [i, value] of reward.entries())
      if (Number.isFinite(value)) pen.lineTo((width * i) / Math.max(1, nframe - 1), y(value))
    pen.stroke()
    ask()
  }

  // the mouse or a finger goes around
  let grip
  stage.addEventListener('pointerdown', event => {
    stage.setPointerCapture(event.pointerId)
    grip = event
  })
  stage.addEventListener('pointermove', event => {
    if (grip === undefined) return
    azimuth += 0.008 * (event.clientX - grip.clientX)
    elevation = Math.min(1.5, Math.max(-0.1, elevation + 0.008 * (event.clientY - grip.clientY)))
    grip = event
    ask()
  })
  for (const type of ['pointerup', 'pointercancel'])
    stage.addEventListener(type, () => {
      grip = undefined
    })
  stage.addEventListener('dblclick', setView)
  const wheel = event => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    zoom = Math.min(8, Math.max(0.2, zoom * Math.exp(-0.002 * event.deltaY)))
    ask()
  }
  stage.addEventListener('wheel', wheel, { passive: false })

  play.addEventListener('click', () => setPlaying(!playing))
  view.addEventListener('change', setView)
  scrub.max = String(last)
  scrub.addEventListener('input', () => {
    time = Math.min(last, Number(scrub.value))
    setPlaying(false)
  })
  charts.onTheme(fit)
  new ResizeObserver(fit).observe(stage)
  setView()
  // plays once it is seen, unless the reader wants pages to keep still
  let waits = nframe > 1 && !matchMedia('(prefers-reduced-motion: reduce)').matches
  new IntersectionObserver(entries => {
    shown = entries.at(-1).isIntersecting
    if (shown && (playing || waits)) setPlaying(true)
    waits &&= !shown
  }).observe(stage)
})()
