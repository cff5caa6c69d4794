/** Empties dist, so that nothing whose source is gone is published. */
import { rmSync } from 'node:fs'

rmSync(new URL('../../dist', import.meta.url), { recursive: true, force: true })
