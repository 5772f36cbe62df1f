"""Numbers of regions: uptake, volume, and their product."""

from uptake.biomarkers.lesion_glycolysis import tlg_g
from uptake.biomarkers.measure import measure
from uptake.biomarkers.suv_peak import suv_peak
from uptake.biomarkers.tumour_volume import mtv_ml

__all__ = ["measure", "mtv_ml", "suv_peak", "tlg_g"]
