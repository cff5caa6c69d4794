/** Several small models in one, so that they share their kernels. */
import { readFileSync } from 'node:fs'

/** attributes that name another element */
const NAMES =
  'name|joint|joint1|joint2|jointinparent|body|body1|body2|site|site1|site2|refsite|geom|geom1|geom2|tendon|actuator|objname|refname'

/** The MJCF of a file of test/models. */
export const modelText = (name: string): string =>
  readFileSync(new URL(`../models/${name}.xml`, import.meta.url), 'utf8')

/** One model of parts that stand in the same place and touch only themselves; options of the parts do not count. */
export function together(parts: readonly string[], option = '<option timestep="0.002"/>'): string {
  const classes = parts.map(
    (_, i) => `<default class="part${i}"><geom contype="${1 << (i % 31)}" conaffinity="${1 << (i % 31)}"/></default>`,
  )
  const texts = parts.map((part, i) => {
    const own = new Set([...part.matchAll(/\bname="([^"]*)"/g)].map(x => x[1]))
    return part
      .replace(/^[\s\S]*?<mujoco[^>]*>/, '')
      .replace(/<\/mujoco>[\s\S]*$/, '')
      .replaceAll(/<!--[\s\S]*?-->|<option[^>]*\/>|<option[^>]*>[\s\S]*?<\/option>/g, '')
      .replaceAll(new RegExp(`\\b(${NAMES})="([^"]*)"`, 'g'), (whole, attribute: string, name: string) =>
        own.has(name) ? `${attribute}="${name}_${i}"` : whole,
      )
      .replaceAll('<worldbody>', `<worldbody><frame childclass="part${i}">`)
      .replaceAll('</worldbody>', '</frame></worldbody>')
  })
  return `<mujoco>${option}<default>${classes.join('')}</default>${texts.join('\n')}</mujoco>`
}
