"""Run job `restore`: the only identity besides Dataform and the connector that writes ods, dmt and raw.

diff      what changed between a moment and now, from ods.checkpoints
parts     which rows of which tables that concerns
script    one transaction that writes them as they were
withdrawn no restore brings a load back that was taken out
unload    a load of raw that is taken out, in the same transaction
runner    the order of a restore: plan, check, write, count
automatic a release that the pipeline found bad is rolled back: code, images and data

ods, dmt and ods.checkpoints follow from raw and code (docs/adr/0003), and the checkpoints are among them: when all
are as they were at one moment, the next run continues from there, with whatever code is live.
"""
