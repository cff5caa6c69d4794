import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'

/** Is there a chromium to open pages with? */
export const hasChromium = spawnSync('chromium', ['--version']).error === undefined

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--remote-debugging-pipe',
]
/** ms that one command may take: a cold start on a busy machine takes seconds */
const PATIENCE = 60_000

export interface PageOptions {
  /** CSS pixels; default 1280 × 800 */
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  /** a reader who wants pages to keep still */
  readonly still?: boolean
}

type Answer = Record<string, unknown>

/** A page open in chromium, driven through the DevTools protocol over a pipe (JSON, each message closed by a NUL). */
export class ChromiumPage {
  /** what the page said that it should not: errors and warnings of the console, exceptions, refused loads */
  readonly complaints: string[] = []
  /** addresses the page asked for, its own among them */
  readonly requests: string[] = []
  private readonly child: ChildProcess
  private readonly folder: string
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  private readonly events = new Map<string, () => void>()
  private session: string | undefined
  private next = 1
  private rest = ''

  private constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'page-'))
    this.child = spawn('chromium', [...FLAGS, `--user-data-dir=${this.folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    const output = this.child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => {
      const messages = (this.rest + text).split('\0')
      this.rest = messages.pop() ?? ''
      for (const message of messages) this.receive(JSON.parse(message))
    })
    this.child.on('exit', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('chromium ended'))
      this.waiting.clear()
    })
  }

  /** Opens HTML as a file of its own, or the page at an http: address. */
  static async open(source: string, options: PageOptions = {}): Promise<ChromiumPage> {
    const page = new ChromiumPage()
    try {
      const { targetInfos } = (await page.send('Target.getTargets')) as {
        targetInfos: { targetId: string; type: string }[]
      }
      const { targetId } = targetInfos.find(it => it.type === 'page') as { targetId: string }
      const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true })
      page.session = sessionId as string
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`)
      const { width = 1280, height = 800, dark = false, still = false } = options
      await page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      })
      await page.send('Emulation.setEmulatedMedia', {
        features: [
          { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
          { name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' },
        ],
      })
      const loaded = new Promise<void>(resolve => page.events.set('Page.loadEventFired', resolve))
      await page.send('Page.navigate', { url: source.startsWith('http:') ? source : page.write(source) })
      await loaded
      return page
    } catch (error) {
      await page.close()
      throw error
    }
  }

  /** address of a file with this content */
  private write(html: string): string {
    const file = path.join(this.folder, 'page.html')
    writeFileSync(file, html)
    return pathToFileURL(file).href
  }

  private receive({ id, error, result, method, params }: Record<string, never>): void {
    const waiting = this.waiting.get(id)
    if (waiting !== undefined) {
      this.waiting.delete(id)
      if (error === undefined) waiting.resolve(result)
      else waiting.reject(new Error(JSON.stringify(error)))
      return
    }
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params))
    if (
      method === 'Runtime.consoleAPICalled' &&
      ['error', 'warning', 'assert'].includes((params as Answer).type as string)
    )
      this.complaints.push(JSON.stringify(params))
    if (method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params))
    if (method === 'Network.requestWillBeSent') this.requests.push((params as { request: { url: string } }).request.url)
    this.events.get(method)?.()
  }

  /** One command of the protocol. */
  send(method: string, params: object = {}): Promise<Answer> {
    const id = this.next++
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`chromium: ${method} took more than ${PATIENCE} ms`)), PATIENCE)
      this.waiting.set(id, {
        resolve: answer => {
          clearTimeout(timer)
          resolve(answer)
        },
        reject: error => {
          clearTimeout(timer)
          reject(error)
        },
      })
      ;(this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`)
    })
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    })) as { result: { value: T }; exceptionDetails?: object }
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    const end = Date.now() + PATIENCE
    while (!(await this.evaluate<boolean>(expression))) {
      if (Date.now() > end) throw new Error(`never true: ${expression}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** Centre of an element in the window, scrolled into view. */
  private place(selector: string): Promise<{ x: number; y: number }> {
    return this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)})
      element.scrollIntoView({ block: 'center', behavior: 'instant' })
      const { x, y, width, height } = element.getBoundingClientRect()
      return { x: x + width / 2, y: y + height / 2 }
    })()`)
  }

  private async mouse(type: string, x: number, y: number): Promise<void> {
    await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', buttons: 1, clickCount: 1 })
  }

  async click(selector: string): Promise<void> {
    const { x, y } = await this.place(selector)
    await this.mouse('mousePressed', x, y)
    await this.mouse('mouseReleased', x, y)
  }

  /** Pressed on the middle of an element, moved by so many pixels, let go. */
  async drag(selector: string, dx: number, dy: number): Promise<void> {
    const { x, y } = await this.place(selector)
    await this.mouse('mousePressed', x, y)
    for (let i = 1; i <= 4; i++) await this.mouse('mouseMoved', x + (dx * i) / 4, y + (dy * i) / 4)
    await this.mouse('mouseReleased', x + dx, y + dy)
  }

  /** PNG of the window, or of the whole page. */
  async screenshot(whole = false): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole })
    return Buffer.from(data as string, 'base64')
  }

  /** Asks chromium to end, and makes it. */
  async close(): Promise<void> {
    const ended = new Promise<void>(resolve => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve()
      else this.child.once('exit', () => resolve())
    })
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    this.session = undefined
    this.send('Browser.close').catch(() => this.child.kill('SIGKILL'))
    await ended
    clearTimeout(timer)
    // its children may still write for a moment
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
