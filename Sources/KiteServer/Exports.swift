// Who imports KiteServer names models, guards and limits, too.
@_exported public import ModelService
