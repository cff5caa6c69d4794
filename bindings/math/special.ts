/**
 * Error function, normal distribution and log-gamma, bit-identical on every machine.
 *
 * Polynomials interpolate at Chebyshev nodes; the quantile's rational functions are least-squares fits on the three ranges of
 * Wichura 1988 (AS 241). All in 50-digit arithmetic.
 */
import { truncateLow } from './bits.js'
import { exp, log, log1p } from './exp.js'
import { PI, sin } from './trig.js'

/** erf(x)/x - 1 as a function of z = x^2, |x| <= 1/2. */
function erfTail(z: number): number {
  return (
    0.1283791670955126 +
    z *
      (-0.3761263890318375 +
        z *
          (0.11283791670954868 +
            z *
              (-0.026866170644999358 +
                z *
                  (0.005223977622008845 +
                    z *
                      (-0.0008548326509718547 +
                        z *
                          (0.00012055286128871108 +
                            z *
                              (-1.4923000283850108e-5 + z * (1.6371164552892836e-6 + z * -1.4620256114391553e-7))))))))
  )
}

// (1 + 2 x) e^(x^2) erfc(x) as a polynomial of t = (x - 3)/(x + 3), x >= 1/2
const ERFCX = new Float64Array([
  1.2530080582697296, -0.1356211061245817, -0.047562294353457095, 0.1296451587028268, -0.11927366341492683,
  0.06830802734147921, -0.023770514927302616, 0.0025293918604493136, 0.0018886904548402795, -0.0007798327147670235,
  -0.0001051603662842287, 0.0001251020508252202, 4.951243563015104e-6, -2.0110998149753865e-5, -7.334402827126526e-7,
  3.498026217873715e-6, 3.524054483208695e-7, -6.551657809359801e-7, -1.2376221090898395e-7, 1.3375408248595315e-7,
  1.8410343359435742e-8, -2.364039970296637e-8, 3.483850511916706e-9,
])

/** Scaled complementary error function e^(x^2) erfc(x), x >= 1/2; relative error 1e-15. */
function erfcx(x: number): number {
  const t = (x - 3) / (x + 3)
  return horner(ERFCX, t) / (1 + 2 * x)
}

function horner(c: Float64Array, x: number): number {
  let s = c[c.length - 1]
  for (let i = c.length - 2; i >= 0; i--) s = s * x + c[i]
  return s
}

/** e^(-x^2 / d), the square split so that its rounding does not grow with x. */
function expMinusSquare(x: number, d: number): number {
  const h = truncateLow(x)
  return exp((-h * h) / d) * exp(((h - x) * (h + x)) / d)
}

/** Error function; relative error 4e-16. */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a <= 0.5) return x + x * erfTail(x * x)
  if (Number.isNaN(x)) return x
  const y = a > 6 ? 1 : 1 - expMinusSquare(a, 1) * erfcx(a)
  return x < 0 ? -y : y
}

/** 1 - erf(x) without cancellation; relative error 2e-15 down to the smallest normal result (x = 26.5). */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x
  if (x < -0.5) return x < -6 ? 2 : 2 - expMinusSquare(-x, 1) * erfcx(-x)
  if (x < 0.25) return 1 - (x + x * erfTail(x * x))
  if (x <= 0.5) return 0.5 - (x - 0.5 + x * erfTail(x * x))
  return x > 28 ? 0 : expMinusSquare(x, 1) * erfcx(x)
}

/** Density of the standard normal. */
export function normalPdf(x: number): number {
  return 0.3989422804014327 * expMinusSquare(Math.abs(x) > 40 ? 40 : x, 2)
}

/** P(X <= x) of the standard normal; relative error 3e-15 in both tails. */
export function normalCdf(x: number): number {
  const y = -x * Math.SQRT1_2
  if (y <= 0.5 || Number.isNaN(x)) return 0.5 * erfc(y)
  return x < -39 ? 0 : 0.5 * expMinusSquare(x, 2) * erfcx(y)
}

/**
 * x with P(X <= x) = p, standard normal; relative error 1e-15 for p >= 1e-316. 0 and 1 give -Infinity and Infinity,
 * anything outside [0, 1] NaN.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q
    return (
      (q *
        (3.3871328727963665 +
          r *
            (133.13680727101865 +
              r *
                (1971.4324602375807 +
                  r *
                    (13729.862565426365 +
                      r *
                        (45912.896506993515 +
                          r * (67247.36686490932 + r * (33418.43103322405 + r * 2507.911587700206)))))))) /
      (1 +
        r *
          (42.31189567647841 +
            r *
              (687.1359030650792 +
                r *
                  (5393.533458980801 +
                    r *
                      (21209.957417443056 +
                        r * (39298.07371379223 + r * (28719.58749142149 + r * 5224.28629314163)))))))
    )
  }
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p))
  let x: number
  if (r <= 5) {
    const u = r - 1.6
    x =
      (1.4234371107496837 +
        u *
          (4.633351781851226 +
            u *
              (5.778755376248614 +
                u *
                  (3.658161799901438 +
                    u *
                      (1.275764309175064 +
                        u * (0.2430807217709463 + u * (0.02286166118725539 + u * 0.0007791203453272486))))))) /
      (1 +
        u *
          (2.0553089914808735 +
            u *
              (1.6803486356161192 +
                u *
                  (0.6924403496127582 +
                    u *
                      (0.14888433484270572 +
                        u * (0.015290972373919453 + u * (0.0005508288106426711 + u * 1.0510256779718024e-9)))))))
  } else {
    const u = r - 5
    x =
      (6.657904643501104 +
        u *
          (5.461737157580337 +
            u *
              (1.783289332906515 +
                u *
                  (0.2961139666191967 +
                    u *
                      (0.02646895083244881 +
                        u * (0.0012381730093597853 + u * (2.697008839313169e-5 + u * 1.9945120311476857e-7))))))) /
      (1 +
        u *
          (0.5995246392815842 +
            u *
              (0.13676691161226623 +
                u *
                  (0.01484386690116347 +
                    u *
                      (0.0007841783925092954 +
                        u * (1.836591226489832e-5 + u * (1.4103238061811275e-7 + u * 1.9992054859014215e-15)))))))
  }
  return q < 0 ? -x : x
}

// lgamma(2 + t)/t on |t| <= 1/2
const LGAMMA2 = new Float64Array([
  0.42278433509846713, 0.32246703342411326, -0.0673523010531981, 0.020580808427780366, -0.007385551028671992,
  0.0028905103310351205, -0.0011927539118432226, 0.0005096695153880944, -0.0002231547539940235, 9.945767389740959e-5,
  -4.492631354089334e-5, 2.0505587989553525e-5, -9.438713780240578e-6, 4.384717184629871e-6, -2.0439109042930567e-6,
  9.200216044296187e-7, -4.32509065176526e-7, 2.787720126505049e-7, -1.3221433666631455e-7,
])

/** log |Gamma(x)|; relative error 4e-15 for x > 0. Poles (0, -1, -2 ...) give Infinity. */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x
  if (x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY
  if (x <= 0) {
    if (Math.floor(x) === x) return Number.POSITIVE_INFINITY
    // reflection, the argument of the sine reduced exactly
    const s = Math.abs(sin(PI * (x - Math.round(x))))
    return log(PI / (s * Math.abs(x))) - lgamma(-x)
  }
  if (x < 0.5) return lgamma(1 + x) - log(x)
  if (x < 1.5) {
    const t = x - 1
    return t * horner(LGAMMA2, t) - log1p(t)
  }
  if (x < 8) {
    let product = 1
    let y = x
    while (y > 2.5) {
      y -= 1
      product *= y
    }
    const t = y - 2
    return t * horner(LGAMMA2, t) + log(product)
  }
  // Stirling's series (Abramowitz & Stegun 6.1.41)
  const l = log(x)
  if (x > 1e17) return x * (l - 1)
  return (x - 0.5) * l - x + (0.9189385332046728 + stirlingTail(x))
}

/** lgamma(x) - (x - 1/2) log x + x - log(2 pi)/2 for x >= 8, error 1e-17. */
export function stirlingTail(x: number): number {
  const r = 1 / x
  const z = r * r
  return (
    r *
    (1 / 12 -
      z *
        (1 / 360 -
          z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - z * (691 / 360360 - z * (1 / 156 - z * (3617 / 122400))))))))
  )
}
