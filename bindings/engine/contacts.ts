import type { Model } from '../model/model.js'
export function contactCandidates(_model: Model): { cand: Int32Array; nconmax: number } {
  return { cand: new Int32Array(0), nconmax: 0 }
}
