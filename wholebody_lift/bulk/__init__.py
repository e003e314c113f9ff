"""Whole archives: the detections of many videos, lifted on one machine or a cluster; stopped runs go on.

`job.lift` plans the work as parts and keeps account of them. `part.PartLifter` lifts one part, in this
process or in the workers that `on_ray` starts. Inside it, `lift_table` is a pure function of Arrow tables.
"""
