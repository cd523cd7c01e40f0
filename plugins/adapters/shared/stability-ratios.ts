/** Of Stability AI's models, https://platform.stability.ai/docs/api-reference#tag/Generate. */
export const STABILITY_RATIOS = ['21:9', '16:9', '3:2', '5:4', '1:1', '4:5', '2:3', '9:16', '9:21'];
