import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError } from '../../bindings/errors.js'
import { packRollout } from '../../bindings/report/rollout.js'
import type { TrainFinal, TrainReportData, TrainRollout } from '../../bindings/report/train-data.js'
import { trainReport } from '../../bindings/report/train-report.js'
import { ChromiumPage, hasChromium, type PageOptions } from '../support/chromium.js'
import { skippable } from '../support/skip.js'
import { madeUpRollout, madeUpTraining } from './made-up-training.js'

const EVIL = `</script><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'"> & "it's" \u2028`

const training = await madeUpTraining()
const page = trainReport(training)

/** every text of a report replaced by something hostile */
function hostile(): TrainReportData {
  const { final, randomised, rollout } = training
  if (final === undefined || randomised === undefined || rollout === undefined) throw new Error('made up without them')
  return {
    ...training,
    title: EVIL,
    date: EVIL,
    method: EVIL,
    policy: EVIL,
    machine: EVIL,
    facts: [[EVIL, EVIL]],
    final: {
      ...final,
      ends: [[EVIL, 20]],
      terms: final.terms.map(it => ({ ...it, name: EVIL })),
      metrics: final.metrics.map(it => ({ ...it, name: EVIL, unit: EVIL })),
    },
    randomised: { ...randomised, parameters: randomised.parameters.map(it => ({ ...it, name: EVIL, unit: EVIL })) },
    config: [[EVIL, EVIL]],
    warnings: [EVIL],
    rollout: { ...rollout, caption: EVIL, geoms: rollout.geoms.map(it => ({ ...it, name: EVIL })) },
    footer: EVIL,
  }
}

/** the sentence under the title, without its tags */
const verdict = (text: string): string =>
  (text.match(/<p class="verdict"[^>]*>(.*?)<\/p>/)?.[1] ?? '').replace(/<[^>]*>/g, '')

test('says in one sentence what came of it', () => {
  const final = training.final as TrainFinal
  const effort =
    'after 48.3 M environment steps in 4 min 02 s, 200 k steps/s, by OpenAI-ES (antithetic, 256 members) with an MLP of 11-32-32-3, tanh, seed 3, on 4 threads of an AMD EPYC 7B13.'
  for (const [change, expected] of [
    [{}, 'Solved: final evaluation return 3122 ± 122 (3000 counts as solved), '],
    // the best of many chose the policy: it does not judge it
    [{ solved: 3150 }, 'Not solved: final evaluation return 3122 ± 122 (3150 counts as solved), '],
    [
      { final: { ...final, solved: false } },
      'Not solved: final evaluation return 3122 ± 122 (3000 counts as solved), ',
    ],
    [{ solved: undefined }, 'Trained: final evaluation return 3122 ± 122, '],
    [{ final: undefined }, 'Solved: best evaluation return 3184 ± 42 (3000 counts as solved), '],
    [{ final: undefined, solved: 3184.3 }, 'Not solved: best evaluation return 3184 ± 42 (3184 counts as solved), '],
    [{ best: undefined, final: undefined }, 'Not evaluated: the run ended before its first evaluation, '],
  ] as const)
    assert.is(verdict(trainReport({ ...training, ...change })), expected + effort)
})

test('says everything it was given', () => {
  for (const [name, value] of training.facts) assert.ok(page.includes(`<dt>${name}</dt><dd>${value}</dd>`), name)
  for (const [name, value] of training.config)
    assert.ok(page.includes(`<dt><code>${name}</code></dt><dd>${value}</dd>`), name)
  for (const warning of training.warnings) assert.ok(page.includes(warning), warning)
  for (const { name } of [...(training.final?.terms ?? []), ...(training.final?.metrics ?? [])])
    assert.ok(page.includes(`<th scope="row"><code>${name}</code></th>`), name)
  for (const text of ['2026-03-14 09:26', '3122 ± 122', '961.4 steps or 7.69 s', '18 × time limit, 2 × fell'])
    assert.ok(page.includes(text), text)
  // a term per episode, and per step
  assert.match(page, /<code>forward<\/code><\/th><td class="n found">2208 ± 96<\/td><td class="n">2\.3<\/td>/)
})

test('parameters stand in the order of their effect', () => {
  const names = [...page.matchAll(/<figure class="scatter"><h3><code>([^<]*)/g)].map(([, name]) => name)
  assert.is(names.length, 4)
  assert.equal(names.slice(0, 2), ['actuator/*/delay', 'body/torso/mass'])
  // a point for every episode, and a line of means that falls with the delay
  const [points, trend] = [...page.matchAll(/<path class="(?:points|trend)" d="([^"]*)"/g)].map(([, d]) => d)
  assert.is(points.match(/M/g)?.length, 256)
  const heights = [...trend.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y))
  assert.is(heights.length, 8)
  assert.ok(heights[7] - heights[0] > 60, 'the line falls')
})

test('holds no reference to anything outside, and the policy names exactly its scripts', () => {
  const bare = page.replace(/<script>[\s\S]*?<\/script>/g, '')
  assert.not.match(bare, /<(link|iframe|object|embed|base|img)\b/i)
  assert.not.match(bare, /<[^>]*\s(src|href|srcset|data|poster)\s*=[^>]*>/i)
  assert.not.match(bare, /@import|url\(/i)
  for (const text of [page, trainReport(hostile())]) {
    const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, code]) => code)
    assert.is(scripts.length, 2)
    const policy = text.match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? ''
    assert.ok(policy.startsWith('default-src &#39;none&#39;;'))
    for (const code of scripts) assert.ok(policy.includes(createHash('sha256').update(code).digest('base64')))
    // two of code, two of data
    assert.is(text.match(/<script/g)?.length, 4)
  }
})

test('is whole without the optional parts', () => {
  const nothing: number[] = []
  const text = trainReport({
    ...training,
    facts: [],
    best: undefined,
    final: undefined,
    randomised: undefined,
    rollout: undefined,
    config: [],
    warnings: [],
    curve: {
      generation: nothing,
      envSteps: nothing,
      seconds: nothing,
      mean: nothing,
      best: nothing,
      evaluation: nothing,
    },
  })
  for (const id of ['warnings', 'player', 'curves', 'terms', 'breakdown', 'config', 'rollout'])
    assert.not.ok(text.includes(`id="${id}"`), id)
  assert.not.ok(text.includes('makeScene'), 'no player without a rollout')
})

test('numbers that do not fit together are refused by name', () => {
  const { curve, randomised, rollout } = training
  const refuses = (change: Partial<TrainReportData>, words: string): void =>
    assert.throws(
      () => trainReport({ ...training, ...change }),
      (error: Error) => error instanceof SizeError && error.message.includes(words),
    )
  refuses({ curve: { ...curve, best: [1] } }, 'curve.best: got length 1, expected 240')
  const parameters = [{ name: 'body/torso/mass', unit: 'kg', values: [1, 2] }]
  refuses({ randomised: { returns: randomised?.returns ?? [], parameters } }, 'body/torso/mass: got length 2')
  for (const name of ['xpos', 'xmat', 'reward', 'returnSoFar'] as const)
    refuses({ rollout: { ...(rollout as TrainRollout), [name]: [0] } }, `rollout.${name}: got length 1`)
  refuses({ rollout: { ...(rollout as TrainRollout), dt: 0 } }, 'rollout.dt: got 0')
})

const decode = (text: string): ArrayBuffer => Uint8Array.from(Buffer.from(text, 'base64')).buffer

test('a packed rollout has the poses that it was given', async () => {
  const given = await madeUpRollout()
  const packed = packRollout(given)?.rollout
  if (packed === undefined) throw new Error('nothing packed')
  // the floor and the step stay
  assert.equal(
    packed.geoms.map(it => it.pose !== undefined),
    [true, true, false, false, false, false, false, false],
  )
  const still = packed.geoms.filter(it => it.pose !== undefined).length
  const moving = packed.geoms.length - still
  const [poses, target] = [new Int16Array(decode(packed.poses)), new Float32Array(decode(packed.target))]
  assert.is(poses.length, packed.nframe * moving * 7)
  let [farthest, turned] = [0, 0]
  for (let i = 0; i < given.nframe; i++) {
    for (let m = 0; m < moving; m++) {
      const [at, from] = [7 * (i * moving + m), i * given.geoms.length + still + m]
      for (let k = 0; k < 3; k++)
        farthest = Math.max(
          farthest,
          Math.abs(target[3 * i + k] + packed.scale * poses[at + k] - given.xpos[3 * from + k]),
        )
      const [w, x, y, z] = poses.subarray(at + 3, at + 7).map(q => q)
      // first and last column of the matrix that the quaternion means
      const unit = 32767 * 32767
      const column = [1 - (2 * (y * y + z * z)) / unit, (2 * (x * y + w * z)) / unit, (2 * (x * z - w * y)) / unit]
      for (let k = 0; k < 3; k++) turned = Math.max(turned, Math.abs(column[k] - given.xmat[9 * from + 3 * k]))
      if (i === 0) continue
      // neighbours in time lie on one side, so that the page can go straight between them
      let along = 0
      for (let k = 3; k < 7; k++) along += poses[at + k] * poses[at + k - 7 * moving]
      assert.ok(along > 0.9 * unit, `geom ${m} jumps at frame ${i}`)
    }
  }
  // half a unit of int16 of 1 m, and float32 of the target
  assert.ok(farthest < 2e-5, `${farthest} m`)
  assert.ok(turned < 2e-4, `${turned}`)
  const reward = new Float32Array(decode(packed.reward))
  assert.equal(Array.from(reward), Array.from(given.reward))
})

/** geoms on circles in a plane through the axes a and b, `ngeom` of them */
function circling(nframe: number, ngeom: number, [a, b]: readonly [number, number]): TrainRollout {
  const xpos = new Float32Array(3 * nframe * ngeom)
  for (let i = 0; i < nframe * ngeom; i++) {
    const angle = 0.05 * Math.floor(i / ngeom) + i
    xpos[3 * i + a] = Math.cos(angle)
    xpos[3 * i + b] = Math.sin(angle)
  }
  const xmat = Float32Array.from({ length: 9 * nframe * ngeom }, (_, i) => ((i % 9) % 4 === 0 ? 1 : 0))
  const geoms = Array.from({ length: ngeom }, () => ({ type: 2, size: [0.1, 0, 0], rgba: [1, 0, 0, 1], name: '' }))
  const reward = new Float32Array(nframe)
  return { dt: 0.01, nframe, geoms, xpos, xmat, reward, returnSoFar: reward }
}

test('a page stays small', () => {
  const empty = trainReport({ ...training, rollout: undefined }).length
  assert.ok(empty < 200_000, `${empty} bytes without a rollout`)
  const usual = trainReport({ ...training, rollout: circling(1000, 20, [0, 2]) }).length
  assert.ok(usual < 700_000, `${usual} bytes for 1000 frames of 20 geoms`)
  // more than can be kept: frames are left out, and the page says so
  const text = trainReport({ ...training, rollout: circling(10_000, 20, [0, 2]) })
  assert.ok(text.length < 1_700_000, `${text.length} bytes for 10000 frames of 20 geoms`)
  assert.ok(text.includes('One frame of 3 is kept.'))
  const packed = packRollout(circling(10_000, 20, [0, 2]))
  assert.is(packed?.rollout.nframe, 3334)
  assert.is(packed?.rollout.dt, 0.03)
})

test('a long run makes a page of bounded size, with every evaluation', () => {
  const n = 50_000
  const column = (of: (i: number) => number): Float64Array => Float64Array.from({ length: n }, (_, i) => of(i))
  const text = trainReport({
    ...training,
    curve: {
      generation: column(i => i + 1),
      envSteps: column(i => 256_000 * (i + 1)),
      seconds: column(i => 0.3 * (i + 1)),
      mean: column(i => Math.sin(1e5 * Math.sin(i))),
      best: column(i => 1 + Math.sin(1e5 * Math.sin(i + n))),
      evaluation: column(i => (i % 500 === 499 ? i : Number.NaN)),
    },
  })
  assert.ok(text.length < 1_200_000, `${text.length} bytes`)
  const { curve } = JSON.parse(text.match(/id="data">(.*?)<\/script>/s)?.[1] ?? '')
  assert.is(curve.evaluation.filter((it: number | null) => it !== null).length, n / 500)
})

test('a rollout that stops being finite is shown up to there', async () => {
  const rollout = await madeUpRollout()
  const xpos = Float64Array.from(rollout.xpos)
  xpos[3 * rollout.geoms.length * 100 + 4] = Number.NaN
  assert.ok(
    trainReport({ ...training, rollout: { ...rollout, xpos } }).includes('After 2 s the state is no longer finite.'),
  )
  assert.is(packRollout({ ...rollout, xpos })?.rollout.nframe, 100)
  xpos[0] = Number.NaN
  assert.is(packRollout({ ...rollout, xpos }), undefined)
})

test('is looked at from where it can be seen', () => {
  assert.is(packRollout(circling(100, 3, [0, 1]))?.rollout.view, 'above')
  assert.is(packRollout(circling(100, 3, [0, 2]))?.rollout.view, 'side')
  // nothing moves, nothing is seen
  assert.is(packRollout(circling(1, 3, [0, 2]))?.rollout.poses, '')
  const geoms = circling(1, 3, [0, 2]).geoms.map(it => ({ ...it, rgba: [1, 0, 0, 0] }))
  assert.is(packRollout({ ...circling(1, 3, [0, 2]), geoms }), undefined)
})

test('the camera goes along with what goes away, and stands still before what stays', () => {
  const targets = (rollout: TrainRollout): Float32Array =>
    new Float32Array(decode(packRollout(rollout)?.rollout.target ?? ''))
  const still = targets(circling(400, 3, [0, 2]))
  for (let i = 0; i < still.length; i++) assert.is(still[i], still[i % 3])
  const rollout = circling(400, 3, [0, 2])
  const xpos = Float64Array.from(rollout.xpos, (x, i) => (i % 3 === 0 ? x + 0.05 * Math.floor(i / 9) : x))
  const along = targets({ ...rollout, xpos })
  // 20 m at a constant speed; the path is without the circles, and shorter as it is averaged at its ends
  for (let i = 100; i < 300; i++) assert.ok(Math.abs(along[3 * i] - along[3 * (i - 1)] - 0.05) < 0.02, String(i))
  assert.ok(along[3 * 399] - along[0] > 15)
})

const inBrowser = skippable(test, hasChromium, 'chromium is not installed')

/** what differs between two pictures of the stage, and what is drawn at all */
const PIXELS = `(() => {
  const stage = document.querySelector('.stage')
  // read from a copy: chromium warns of canvases that are read often
  const copy = new OffscreenCanvas(stage.width, stage.height).getContext('2d', { willReadFrequently: true })
  copy.drawImage(stage, 0, 0)
  return Array.from(copy.getImageData(0, 0, stage.width, stage.height).data).reduce(
    ({ drawn, hash }, value, i) => ({ drawn: drawn + (i % 4 === 3 && value > 0 ? 1 : 0), hash: (hash * 31 + value) | 0 }),
    { drawn: 0, hash: 0 })
})()`
interface Pixels {
  drawn: number
  hash: number
}
const FRAME = `Number(document.getElementById('player').dataset.frame)`

/** the words of an expression in a page opened for it; the page must have had nothing to complain about */
async function opened(text: string, options: PageOptions, act: (page: ChromiumPage) => Promise<void>): Promise<void> {
  const browser = await ChromiumPage.open(text, options)
  try {
    await act(browser)
    assert.equal(browser.complaints, [])
    assert.is(browser.requests.length, 1, browser.requests.join(' '))
  } finally {
    await browser.close()
  }
}

/** two drawn frames later, all that was asked for is on the canvas */
const settle = (browser: ChromiumPage): Promise<unknown> =>
  browser.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))')

inBrowser('plays its rollout, stops, goes where the slider is put, and looks around', () =>
  opened(page, {}, async browser => {
    // plays once it comes into view
    await browser.evaluate(`document.querySelector('.stage').scrollIntoView({ block: 'center' })`)
    await browser.until(`document.querySelector('.play').ariaLabel === 'pause' && ${FRAME} > 10`)
    await browser.click('.play')
    await settle(browser)
    assert.is(await browser.evaluate(`document.querySelector('.play').ariaLabel`), 'play')
    const frame = await browser.evaluate<number>(FRAME)
    const first = await browser.evaluate<Pixels>(PIXELS)
    // robot, shadow and grid cover a part of the picture
    assert.ok(first.drawn > 20_000, `${first.drawn} pixels drawn`)
    await settle(browser)
    assert.is(await browser.evaluate(FRAME), frame, 'stands still')
    assert.is((await browser.evaluate<Pixels>(PIXELS)).hash, first.hash)

    await browser.evaluate(`(() => {
      const scrub = document.querySelector('.scrub')
      scrub.value = '4'
      scrub.dispatchEvent(new Event('input'))
    })()`)
    await settle(browser)
    assert.is(await browser.evaluate(FRAME), 200)
    const { reward, returnSoFar } = training.rollout as TrainRollout
    assert.is(
      await browser.evaluate(`document.querySelector('.readout').textContent`),
      `4.00 s · reward ${reward[200].toFixed(2)} · return ${returnSoFar[200].toFixed(0)}`,
    )
    const scrubbed = await browser.evaluate<Pixels>(PIXELS)
    assert.is.not(scrubbed.hash, first.hash)

    await browser.drag('.stage', 120, 40)
    await settle(browser)
    const around = await browser.evaluate<Pixels>(PIXELS)
    assert.is.not(around.hash, scrubbed.hash)
    assert.is(await browser.evaluate(FRAME), 200)
    // the chosen view again
    await browser.evaluate(`document.querySelector('.stage').dispatchEvent(new Event('dblclick'))`)
    await settle(browser)
    assert.is((await browser.evaluate<Pixels>(PIXELS)).hash, scrubbed.hash)
    await browser.evaluate(`(() => {
      const view = document.querySelector('.view')
      view.value = 'above'
      view.dispatchEvent(new Event('change'))
    })()`)
    await settle(browser)
    assert.is.not((await browser.evaluate<Pixels>(PIXELS)).hash, scrubbed.hash)

    // from the last frame on it begins again
    await browser.evaluate(`(() => {
      document.querySelector('.speed').value = '4'
      const scrub = document.querySelector('.scrub')
      scrub.value = scrub.max
      scrub.dispatchEvent(new Event('input'))
    })()`)
    await settle(browser)
    assert.is(await browser.evaluate(FRAME), 299)
    await browser.click('.play')
    await browser.until(`${FRAME} > 0 && ${FRAME} < 299`)
  }),
)

inBrowser('draws its curves against what the reader picks', () =>
  opened(page, { still: true }, async browser => {
    assert.is(await browser.evaluate(`document.documentElement.dataset.plots`), '1')
    const stroke = `(() => {
      const canvas = document.querySelector('#curves canvas')
      return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value, i) => i % 4 === 3 && value > 0).length
    })()`
    assert.ok((await browser.evaluate<number>(stroke)) > 5000)
    for (const [i, axis] of ['generation', 'envSteps', 'seconds'].entries()) {
      await browser.click(`#curves label:nth-child(${i + 1}) span`)
      await settle(browser)
      assert.is(await browser.evaluate(`document.querySelector('#curves .plot').dataset.axis`), axis)
      assert.is(await browser.evaluate(`document.querySelectorAll('#curves .uplot').length`), 1)
    }
    // a reader who wants pages to keep still: nothing plays
    await browser.evaluate(`document.querySelector('.stage').scrollIntoView({ block: 'center' })`)
    await settle(browser)
    assert.is(await browser.evaluate(FRAME), 0)
    assert.is(await browser.evaluate(`document.querySelector('.play').ariaLabel`), 'play')
  }),
)

inBrowser('fits a phone, and follows the dark', async () => {
  const hashes: number[] = []
  for (const dark of [false, true])
    await opened(page, { width: 390, height: 844, dark, still: true }, async browser => {
      await settle(browser)
      assert.is(await browser.evaluate(`document.documentElement.scrollWidth`), 390)
      const paper = await browser.evaluate<string>(`getComputedStyle(document.body).backgroundColor`)
      assert.is(paper, dark ? 'rgb(20, 23, 26)' : 'rgb(251, 251, 250)')
      hashes.push((await browser.evaluate<Pixels>(PIXELS)).hash)
    })
  assert.is.not(hashes[0], hashes[1])
})

inBrowser('runs nothing that a name brings along', async () => {
  await opened(trainReport(hostile()), { still: true }, async browser => {
    assert.ok((await browser.evaluate<string>('document.title')).startsWith('</script>'))
    assert.is(await browser.evaluate('document.images.length'), 0)
    assert.ok((await browser.evaluate<Pixels>(PIXELS)).drawn > 20_000)
  })
  // the test can fail: what an unescaped name would do without the policy
  const naive = await ChromiumPage.open(`<title>x</title><p>${EVIL}</p><script>console.error('heard')</script>`)
  try {
    assert.is(await naive.evaluate('document.title'), 'pwned')
    assert.ok(naive.complaints.some(it => it.includes('heard')))
    assert.ok(naive.requests.length > 1, 'asks for the picture')
  } finally {
    await naive.close()
  }
})

test.run()
