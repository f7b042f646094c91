"""Running weights: bundles, ONNX sessions, calibration, feature front ends."""
