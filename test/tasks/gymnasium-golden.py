"""Writes gymnasium-golden.json: short episodes of Gymnasium's MuJoCo v5 environments, for gymnasium.test.ts.

    pip install "gymnasium[mujoco]==1.3.0" mujoco==3.14.0
    python test/tasks/gymnasium-golden.py > test/tasks/gymnasium-golden.json
"""

import json

import gymnasium
import mujoco
import numpy as np

SEED = 7
STEPS = 40
OBSERVED = (0, 10, STEPS)  # steps after which the observation is kept
DIGITS = 10
FAST = 15  # rad/s or m/s: hopper and walker2d observe at most 10
ENVS = {
    "hopper": "Hopper-v5",
    "half-cheetah": "HalfCheetah-v5",
    "walker2d": "Walker2d-v5",
    "ant": "Ant-v5",
    "swimmer": "Swimmer-v5",
    "humanoid": "Humanoid-v5",
    "reacher": "Reacher-v5",
    "inverted-pendulum": "InvertedPendulum-v5",
}
TERMS = {
    "reward_forward": "forward",
    "reward_ctrl": "control",
    "reward_contact": "contact",
    "reward_survive": "healthy",
    "reward_dist": "distance",
}


def rounded(values):
    return np.round(values, DIGITS).tolist()


def episode(name):
    env = gymnasium.make(name)
    observation, _ = env.reset(seed=SEED)
    env = env.unwrapped  # goes on after a fall
    golden = {
        "qpos": env.data.qpos.tolist(),
        "qvel": env.data.qvel.tolist(),
        "episode_length": gymnasium.spec(name).max_episode_steps,
        "reward_threshold": gymnasium.spec(name).reward_threshold,
        "dt": env.dt,
        "observation": {0: rounded(observation)},
        "steps": [],
    }
    env.action_space.seed(SEED)
    for i in range(1, STEPS + 1):
        action = np.round(env.action_space.sample().astype(np.float64), 3)
        observation, reward, terminated, _, info = env.step(action)
        terms = {TERMS[key]: round(float(value), DIGITS) for key, value in info.items() if key in TERMS}
        golden["steps"].append(
            {"action": action.tolist(), "reward": round(float(reward), DIGITS), "terms": terms, "terminated": bool(terminated)}
        )
        if i in OBSERVED:
            golden["observation"][i] = rounded(observation)
    # the dofs' velocities from -FAST to FAST, at the start
    env.reset(seed=SEED)
    env.set_state(np.array(golden["qpos"]), np.linspace(-FAST, FAST, env.model.nv))
    golden["fast"] = rounded(env._get_obs())
    return golden


print(
    json.dumps(
        {
            "gymnasium": gymnasium.__version__,
            "mujoco": mujoco.__version__,
            "numpy": np.__version__,
            "seed": SEED,
            "envs": {ours: episode(theirs) for ours, theirs in ENVS.items()},
        }
    )
)
