// import { ld, ldi } from '../math/v4'
// import { coneLine } from './cone'
// import { C_DIM, dimAt, jpOf, sizeOf } from './contact'
// import { ctcEnd, nefc } from './row'
// import { CNSTR_EQUALITY, EFC_D, EFC_JAR, EFC_JP, EFC_LOSS, EFC_R, EFC_STRIDE, EFC_TYPE, isFriction } from './types'

/** smallest slope that single precision resolves, relative to the slope the search begins with */
const SLOPE: f32 = 1e-6;
/** slope that does for a step that others follow: a longer search costs more than it saves them */
const ROUGH: f32 = 1e-2;

// points of the search are values: alpha, derivative, second derivative, cost less that at alpha 0

/** cost of friction loss at y, less that at x = y - dy (frictionCostDif) */
fn frictionGain(D: f32, loss: f32, Rf: f32, x: f32, y: f32, dy: f32) -> f32 {
  let ax = abs(x);
  let ay = abs(y);
  let inx = ax < Rf;
  let iny = ay < Rf;
  let both = 0.5 * D * (dy * (x + y));
  let offset = 0.5 * (Rf * loss);
  let cx = select(loss * ax - offset, 0.5 * D * (x * x), inx);
  let cy = select(loss * ay - offset, 0.5 * D * (y * y), iny);
  let linear = loss * select(-dy, dy, y > 0.0);
  let side = !inx && !iny && x * y > 0.0;
  return select(select(cy - cx, linear, side), both, inx && iny);
}

/**
 * Cost along x + alpha p: derivative, second derivative and difference to alpha 0 (PrimalEval).
 *   g, h   Gauss part: g + alpha h
 *   out    point (4)
 */
fn evaluate(alpha: f32, g: f32, h: f32) -> vec4f {
  var d1 = alpha * h + g;
  var d2 = h;
  var cost = alpha * (0.5 * alpha * h + g);
  let rows = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let Jp = ld(e + EFC_JP);
    let D = ld(e + EFC_D);
    let x = ld(e + EFC_JAR);
    let dy = alpha * Jp;
    let y = x + dy;
    let kind = ldi(e + EFC_TYPE);
    if (isFriction(kind)) {
      let loss = ld(e + EFC_LOSS);
      let Rf = ld(e + EFC_R) * loss;
      let quad = abs(y) < Rf;
      d1 += Jp * select(select(-loss, loss, y > 0.0), D * y, quad);
      d2 += select(0.0, D * (Jp * Jp), quad);
      cost += frictionGain(D, loss, Rf, x, y, dy);
      continue;
    }
    let all = kind == CNSTR_EQUALITY;
    let on = all || y < 0.0;
    let was = all || x < 0.0;
    d1 += select(0.0, D * y * Jp, on);
    d2 += select(0.0, D * (Jp * Jp), on);
    let change = select(select(0.0, y * y, on) - select(0.0, x * x, was), dy * (x + y), on && was);
    cost += 0.5 * D * change;
  }
  var sum = vec3f(d1, d2, cost);
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) { sum = coneLine(e, jpOf(e, dimAt(e + C_DIM)), alpha, sum); }
  }
  return vec4f(alpha, sum);
}

fn newton(point: vec4f) -> f32 { return point.x - point.y / point.z; }

/** one end of the bracket, and whether it has moved */
struct End { p: vec4f, moved: bool }

/** bracket end p moves to candidates nearer the minimum on its side; its Newton point follows. Tells whether it moved. */
fn updateBracket(end: vec4f, first: vec4f, second: vec4f, mid: vec4f) -> End {
  var out = End(end, false);
  for (var k = 0; k < 3; k++) {
    var c = mid;
    if (k == 0) { c = first; }
    if (k == 1) { c = second; }
    let d = out.p.y;
    let dc = c.y;
    if ((d < 0.0 && dc < 0.0 && d < dc) || (d > 0.0 && dc > 0.0 && d > dc)) {
      out.p = c;
      out.moved = true;
    }
  }
  return out;
}

/** improvement of the cost, slope at alpha 0 */
struct Search { alpha: f32, improvement: f32, slope: f32 }

// which point of the search is evaluated next: compilers that copy functions copy evaluate once, and worlds that stand at
// different points of their searches share its instructions
const AT_ZERO: i32 = 0;
const AT_FIRST: i32 = 1;
const AT_ONE_SIDED: i32 = 2;
const AT_NEXT: i32 = 3;
const AT_MID: i32 = 4;
const AT_END1: i32 = 5;
const AT_END2: i32 = 6;

/**
 * Exact line search: the root of the derivative of the cost along p, by Newton steps from both sides of a bracket, with
 * MuJoCo's tolerance and count of evaluations.
 *   g, h    Gauss part of the derivative: g + alpha h
 *   gtol    slope at which the search ends;  rough: to a hundredth of the first slope at most
 *   in      jar at x, and J p of all rows
 *   returns alpha; beside it the improvement of the cost, and the slope at alpha 0
 *   source  MuJoCo engine_solver.c, PrimalSearch
 */
fn lineSearch(g: f32, h: f32, gtol: f32, rough: bool) -> Search {
  let limit = f_opt_ls_iterations;
  var p1 = vec4f(0.0);
  var p2 = vec4f(0.0);
  var p1next = vec4f(0.0);
  var p2next = vec4f(0.0);
  var slope = 0.0;
  var tol = 0.0;
  var still = false;
  var ahead = false;
  var moved2 = false;
  var done = false;
  var alpha = 0.0;
  var cost = 0.0;
  var count = 0;
  var place = AT_ZERO;
  var at = 0.0;
  loop {
    let point = evaluate(at, g, h);
    count++;
    if (place == AT_ZERO) {
      p2 = point;
      slope = point.y;
      tol = max(gtol, select(SLOPE, ROUGH, rough) * abs(slope));
      // p of no length, or one whose square vanishes: the world stands at its minimum, and 0 / 0 is no step
      still = !(point.z > 0.0);
      if (!still) { at = newton(point); }
      place = AT_FIRST;
      continue;
    }
    if (place == AT_FIRST || place == AT_ONE_SIDED) {
      // one-sided: on until the slope changes its sign
      let d = point.y;
      let flat = abs(d) < tol;
      if (place == AT_FIRST) {
        ahead = d < 0.0;
        done = still || (flat && (point.x == 0.0 || point.w < 0.0));
      } else { done = flat && point.w < 0.0; }
      p1 = point;
      alpha = point.x;
      cost = point.w;
      if (select(d >= tol, d <= -tol, ahead) && count < limit && !done) {
        p2 = p1;
        at = newton(p1);
        place = AT_ONE_SIDED;
        continue;
      }
      // no bracket within the count: the last point stands
      done = done || count >= limit;
      if (done) { break; }
      p2next = p1;
      at = newton(p1);
      place = AT_NEXT;
      continue;
    }
    if (place == AT_MID) {
      // the best of the candidates that are flat enough
      var best = 0.0;
      var found = false;
      for (var k = 0; k < 3; k++) {
        var c = point;
        if (k == 0) { c = p1next; }
        if (k == 1) { c = p2next; }
        if (abs(c.y) < tol && (!found || c.w < best)) {
          best = c.w;
          alpha = c.x;
          cost = c.w;
          found = true;
        }
      }
      if (found) {
        done = true;
        break;
      }
      // each end looks at the other's Newton point as it was when the round began
      let b1 = updateBracket(p1, p1next, p2next, point);
      let b2 = updateBracket(p2, p1next, p2next, point);
      p1 = b1.p;
      p2 = b2.p;
      moved2 = b2.moved;
      // neither end can move: the precision's end
      if (!b1.moved && !b2.moved) {
        alpha = point.x;
        cost = point.w;
        done = true;
        break;
      }
      if (b1.moved) {
        at = newton(p1);
        place = AT_END1;
      } else {
        at = newton(p2);
        place = AT_END2;
      }
      continue;
    }
    if (place == AT_END1 && moved2) {
      p1next = point;
      at = newton(p2);
      place = AT_END2;
      continue;
    }
    if (place == AT_END2) { p2next = point; }
    else { p1next = point; }
    // another round
    if (count >= limit) { break; }
    at = 0.5 * (p1.x + p2.x);
    place = AT_MID;
  }
  // the better end of the bracket, if it is any better than where the search began
  if (!done) {
    var end = p2;
    if (p1.w <= p2.w) { end = p1; }
    let better = end.w < 0.0;
    alpha = select(0.0, end.x, better);
    cost = select(0.0, end.w, better);
  }
  return Search(alpha, -cost, slope);
}
