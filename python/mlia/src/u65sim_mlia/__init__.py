"""Targets and a back end of u65sim for Arm's ML Inference Advisor (MLIA)."""
