"""Estimates from the person table, in rooms that use only those before them.

`shares` holds the difference of two groups in one month, `months` many months together,
`groups` how alike the groups are and the weights that make them alike, `adjustment` the
differences adjusted for who was referred, `decomposition` what the raw gap is made of,
`doubt` what could be wrong, `survival` how long it took and where they went. `effect`
is the result that all of them share.
"""
