"""Reading what people and other software drew and measured: SEG, RTSTRUCT, TID 1500 reports."""
