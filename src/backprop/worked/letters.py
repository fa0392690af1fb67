"""Letters that several worksheets share: how the figure writes each, and how the page."""

GAMMA, BETA = {"symbol": "γ", "tex": r"\gamma"}, {"symbol": "β", "tex": r"\beta"}
MEAN, VARIANCE = {"symbol": "μ", "tex": r"\mu"}, {"symbol": "σ²", "tex": r"\sigma^2"}
HAT, D_HAT = {"symbol": "x̂", "tex": r"\hat x"}, {"symbol": "dx̂", "tex": r"d\hat x"}
# It keeps a division possible: never below 0, and drawn only in a step that names it.
EPSILON = {"symbol": "ε", "tex": r"\varepsilon", "minimum": 0, "hidden": True}
