/** The API suite on the CPU engine. */
import { test } from 'uvu'
import { compiledModel, mujocoAnswers } from './answers.js'
import { API_TESTS, type Host } from './suite.js'

const host: Host = { backend: 'wasm', workers: [1, 3], answers: await mujocoAnswers(), model: compiledModel }
for (const { name, run } of API_TESTS) test(name, () => run(host))

test.run()
