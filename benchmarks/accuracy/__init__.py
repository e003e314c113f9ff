"""Train networks of the literature, SemGAN, and SemGAN with one thing taken away, side by side.

    python -m benchmarks.accuracy plan
    python -m benchmarks.accuracy run --bank bank.npz --people 100000

The same for all are the people (same seeds, so the same ones in the same order), the budget (their number or,
with --minutes, the time), the features they are told, the loss, the optimiser with its schedule, and the
evaluation.

What that means for the networks of others:

- Their input is all that SemGAN is told (`answers.everything`): coordinates, scores, what is missing,
  distances to parents, part-local coordinates, camera. Their papers had x and y alone, but it is the
  networks that are compared here, not what they are told.
- Their loss is SemGAN's, normal and bone loss and those of inner answers included. Where a paper has no
  predicted error, its network gets one more output for it.
- Their answers are positions relative to the root, as in their papers. To answer face and hands relative to
  nose and wrists is SemGAN's own (`SemGAN.compose`), and one of the ablations.
- Their sizes and layers are the published ones, batch normalisation and dropout included. The rate of 1e-3
  that SemGAN has is theirs too: SimpleBaseline and SemGCN were published with Adam, Jointformer with AdamW,
  at 1e-3.
"""
