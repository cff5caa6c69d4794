/**
 * Numerics of the host that are bit-identical on every machine: only + - * /, Math.sqrt and bit views.
 * Use these instead of Math.sin, Math.exp and their kin wherever a result depends on them.
 */
export { cosh, exp, expm1, log, log1p, sigmoid, sinh, tanh } from './exp.js'
export { fillTableNormal, normalTable } from './normal-table.js'
export { Philox, philox, STREAM, type Stream, seedWords, uniformOf } from './philox.js'
export { cbrt, hypot, log2, log10, pow } from './pow.js'
export { erf, erfc, lgamma, normalCdf, normalPdf, normalQuantile } from './special.js'
export { acos, asin, atan, atan2, cos, PI, sin, tan } from './trig.js'
