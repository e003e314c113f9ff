"""Train SemGAN, SemGAN without one of its parts, and networks of the literature, side by side.

    python -m benchmarks.accuracy plan
    python -m benchmarks.accuracy run --bank bank.npz --people 100000

All of them train on the same people (the same seeds, so in the same order), with the same budget (a number of
people or, with --minutes, a time), input features, loss, optimiser, schedule and evaluation.

For the networks of the literature this means:

- Their input has all features of SemGAN (`answers.everything`): coordinates, scores, what is missing,
  distances to parents, part-local coordinates, camera. Their papers used x and y only, but this benchmark
  compares networks, not inputs.
- Their loss is SemGAN's, including normal loss, bone loss and the losses of inner layers. Networks whose
  paper has no predicted error get one more output for it.
- Their outputs are positions relative to the root, as in their papers. Predicting face and hands relative to
  nose and wrists is particular to SemGAN (`SemGAN.compose`), and one of the ablations.
- Their sizes and layers are the published ones, including batch normalisation and dropout. The learning rate
  is 1e-3, as for SemGAN: SimpleBaseline and SemGCN were published with Adam at 1e-3, and Jointformer with
  AdamW at 1e-3.
"""
