"""The page of `wholebody-lift app`: detections or a photo in, people in 3D and files of them out.

`server` speaks HTTP and keeps strangers out, `workshop` lifts and exports, `page/` is what the browser gets.
"""
