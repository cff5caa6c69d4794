/** What the page and the worker that trains say to each other. */

/** To the worker. */
export type Order =
  | {
      readonly kind: 'train'
      readonly seed: number
      /** workers that evaluate; 0: the one that trains does it itself */
      readonly workers: number
    }
  /** an episode of the newest policy, please */
  | { readonly kind: 'show' }
  | { readonly kind: 'stop' }

/** To the page. */
export type News =
  | { readonly kind: 'ready'; readonly solved: number }
  | {
      readonly kind: 'generation'
      readonly generation: number
      readonly steps: number
      readonly stepsPerSecond: number
      /** of the policy itself, now and then */
      readonly evalReturn?: number
    }
  | {
      readonly kind: 'episode'
      readonly generation: number
      readonly return: number
      /** s, from one frame to the next */
      readonly dt: number
      /** cart (m) and pole (rad, 0 upright) of every frame */
      readonly qpos: Float32Array
    }
  | { readonly kind: 'done'; readonly words: string; readonly policy: Uint8Array }
  | { readonly kind: 'failed'; readonly words: string }
