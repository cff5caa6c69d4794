/** The two pictures of the page. */

/** A canvas as large as its place in the page, in the page's colours; x and y in CSS pixels. */
function open(canvas: HTMLCanvasElement) {
  const { width, height } = canvas.getBoundingClientRect()
  const dense = devicePixelRatio
  canvas.width = Math.round(width * dense)
  canvas.height = Math.round(height * dense)
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D
  pen.scale(dense, dense)
  const style = getComputedStyle(canvas)
  // light-dark() is worked out only in a property that is used
  const colour = (name: string): string => {
    canvas.style.outlineColor = `var(--${name})`
    return style.outlineColor
  }
  pen.font = '12px system-ui, sans-serif'
  pen.lineCap = 'round'
  pen.lineJoin = 'round'
  return { pen, width, height, colour }
}

/** m */
const RAIL = 1.8
const POLE = 0.8
const CART = { width: 0.24, height: 0.12 }

/** The cart-pole. @param x of the cart, m; @param angle of the pole from upright, rad */
export function drawWorld(canvas: HTMLCanvasElement, x: number, angle: number): void {
  const { pen, width, height, colour } = open(canvas)
  const scale = Math.min(width / (2 * RAIL + 0.6), height / (2 * POLE + 0.2))
  pen.translate(width / 2, height / 2)
  pen.scale(scale, -scale)
  pen.lineWidth = 0.02
  pen.strokeStyle = colour('faint')
  pen.beginPath()
  pen.moveTo(-RAIL, 0)
  pen.lineTo(RAIL, 0)
  for (const end of [-RAIL, RAIL]) {
    pen.moveTo(end, -0.06)
    pen.lineTo(end, 0.06)
  }
  pen.stroke()
  pen.fillStyle = colour('ink')
  pen.fillRect(x - CART.width / 2, -CART.height / 2, CART.width, CART.height)
  pen.lineWidth = 0.05
  pen.strokeStyle = colour('found')
  pen.beginPath()
  pen.moveTo(x, 0)
  pen.lineTo(x + POLE * Math.sin(angle), POLE * Math.cos(angle))
  pen.stroke()
}

export interface Point {
  readonly steps: number
  readonly value: number
}

const MARGIN = { left: 44, right: 14, top: 12, bottom: 24 }

/** Returns against environment steps. @param solved a dashed line; @param most the largest possible return */
export function drawCurve(canvas: HTMLCanvasElement, points: readonly Point[], solved: number, most: number): void {
  const { pen, width, height, colour } = open(canvas)
  const { left, right, top, bottom } = MARGIN
  const last = Math.max(1e5, points.at(-1)?.steps ?? 0)
  const across = (steps: number): number => left + ((width - left - right) * steps) / last
  const up = (value: number): number => height - bottom - ((height - top - bottom) * value) / most

  const line = (from: readonly [number, number], to: readonly [number, number]): void => {
    pen.beginPath()
    pen.moveTo(...from)
    pen.lineTo(...to)
    pen.stroke()
  }
  pen.fillStyle = colour('faint')
  pen.strokeStyle = colour('line')
  pen.textBaseline = 'middle'
  pen.textAlign = 'right'
  for (let value = 0; value <= most; value += most / 4) {
    line([left, up(value)], [width - right, up(value)])
    pen.fillText(String(value), left - 8, up(value))
  }
  pen.textBaseline = 'alphabetic'
  for (const part of [0.5, 1]) pen.fillText(`${((part * last) / 1e6).toFixed(2)} M`, across(part * last), height - 6)
  pen.strokeStyle = colour('ink')
  pen.setLineDash([4, 4])
  line([left, up(solved)], [width - right, up(solved)])
  pen.setLineDash([])

  pen.strokeStyle = colour('found')
  pen.lineWidth = 2
  pen.beginPath()
  for (const { steps, value } of points) pen.lineTo(across(steps), up(value))
  pen.stroke()
}
