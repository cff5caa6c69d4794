/** What a batch promises, whatever backend holds its worlds: one list of tests, run on each of them in Node and in a page. */
import { batchTests } from './batch.js'
import { constantTests } from './constants.js'
import type { ApiTest } from './host.js'

export type { Host } from './host.js'

import { resetTests } from './reset.js'
import { rowsTests } from './rows.js'
import { sensorTests } from './sensors.js'
import { stateTests } from './state.js'
import { statusTests } from './status.js'

export const API_TESTS: readonly ApiTest[] = [
  ...batchTests,
  ...stateTests,
  ...resetTests,
  ...constantTests,
  ...rowsTests,
  ...statusTests,
  ...sensorTests,
]
