// import { ld, ldi } from '../math/v4'
// import { coneLine } from './cone'
// import { C_DIM, jpOf, sizeOf } from './contact'
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
  let end = ctcEnd();
  for (var e = f_ctc; e < end; e += sizeOf(e)) { sum = coneLine(e, jpOf(e, ldi(e + C_DIM)), alpha, sum); }
  return vec4f(alpha, sum);
}

fn newton(point: vec4f) -> f32 { return point.x - point.y / point.z; }

/** one end of the bracket with its Newton point, and whether it has moved */
struct End { p: vec4f, next: vec4f, moved: bool }

/** bracket end p moves to candidates nearer the minimum on its side; its Newton point follows. Tells whether it moved. */
fn updateBracket(end: vec4f, next: vec4f, first: vec4f, second: vec4f, mid: vec4f, g: f32, h: f32) -> End {
  var out = End(end, next, false);
  for (var k = 0; k < 3; k++) {
    // the other end's Newton point is looked at as it was when the round began
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
  if (out.moved) { out.next = evaluate(newton(out.p), g, h); }
  return out;
}

/** improvement of the cost, slope at alpha 0 */
struct Search { alpha: f32, improvement: f32, slope: f32 }

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
  var p2 = evaluate(0.0, g, h);
  let slope = p2.y;
  let tol = max(gtol, select(SLOPE, ROUGH, rough) * abs(slope));
  // p of no length, or one whose square vanishes: the world stands at its minimum, and 0 / 0 is no step
  let still = !(p2.z > 0.0);
  var first = 0.0;
  if (!still) { first = newton(p2); }
  var p1 = evaluate(first, g, h);
  var count = 2;
  var d = p1.y;
  var done = still || (abs(d) < tol && (p1.x == 0.0 || p1.w < 0.0));
  var alpha = p1.x;
  var cost = p1.w;

  // one-sided: on until the slope changes its sign
  let ahead = d < 0.0;
  var go = select(d >= tol, d <= -tol, ahead) && count < limit && !done;
  while (go) {
    p2 = p1;
    p1 = evaluate(newton(p1), g, h);
    count++;
    d = p1.y;
    done = abs(d) < tol && p1.w < 0.0;
    alpha = p1.x;
    cost = p1.w;
    go = select(d >= tol, d <= -tol, ahead) && count < limit && !done;
  }
  // no bracket within the count: the last point stands
  if (!done) {
    alpha = p1.x;
    cost = p1.w;
  }
  done = done || count >= limit;

  if (!done) {
    var p2next = p1;
    var p1next = evaluate(newton(p1), g, h);
    count++;
    var round = count < limit;
    while (round) {
      let mid = evaluate(0.5 * (p1.x + p2.x), g, h);
      count++;
      // the best of the candidates that are flat enough
      var best = 0.0;
      var found = false;
      for (var k = 0; k < 3; k++) {
        var c = mid;
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
      let b1 = updateBracket(p1, p1next, p1next, p2next, mid, g, h);
      let b2 = updateBracket(p2, p2next, p1next, p2next, mid, g, h);
      p1 = b1.p;
      p1next = b1.next;
      p2 = b2.p;
      p2next = b2.next;
      count += i32(b1.moved) + i32(b2.moved);
      // neither end can move: the precision's end
      if (!b1.moved && !b2.moved) {
        alpha = mid.x;
        cost = mid.w;
        done = true;
      }
      round = count < limit && !done;
    }
    // the better end of the bracket, if it is any better than where the search began
    if (!done) {
      var end = p2;
      if (p1.w <= p2.w) { end = p1; }
      let better = end.w < 0.0;
      alpha = select(0.0, end.x, better);
      cost = select(0.0, end.w, better);
    }
  }
  return Search(alpha, -cost, slope);
}
