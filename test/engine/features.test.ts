/** Small models of one feature or one pair of geoms each, against MuJoCo: test/models, 200 states a model. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { agrees, verdicts } from './agree.js'

const folder = fileURLToPath(new URL('../models/', import.meta.url))
const files = readdirSync(folder).filter(file => file.endsWith('.xml'))
const found = await verdicts(folder, 200)

/** PGS with elliptic cones stops far above the minimum in MuJoCo; we go on to it */
const STOPS_EARLY = 'solver_pgs_elliptic.xml'

for (const file of files) {
  if (file === STOPS_EARLY) continue
  test(`as MuJoCo: ${file}`, () => agrees(found, file, 200))
}

test('where PGS stops early, our cost is lower, and the rows are the same', () => {
  const verdict = found.find(it => it.file === STOPS_EARLY)
  if (verdict === undefined || !('comparison' in verdict)) throw new Error('not compared')
  const { cost, qacc, contacts, rows } = verdict.comparison
  assert.is(cost.unexplained, 0)
  assert.ok(cost.below >= qacc.unexplained && qacc.unexplained > 0, `${cost.below} ${qacc.unexplained}`)
  assert.is(contacts.simcrank, contacts.mujoco)
  assert.is(rows.simcrank, rows.mujoco)
})

/** contacts that these models exist for, and MuJoCo must have in a good part of the states */
const TOUCHING = /^(pair|condim|stack|pile|solref|solimp|solmix|margin|gap|priority)_?/

test('models of contacts make contacts', () => {
  for (const verdict of found) {
    if (!('comparison' in verdict) || !TOUCHING.test(verdict.file)) continue
    assert.ok(verdict.comparison.contacts.mujoco > verdict.comparison.states / 5, verdict.file)
  }
})

test.run()
