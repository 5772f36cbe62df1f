"""What the server answers to a request for a label: networks, click tools and edits.

::

    tasks                    MONAI Label's InferTask around the three below (the only module that imports monailabel)
    bundle_labels            a bundle's labels for an exam;  exam_channels, prior_alignment, network_shelf
    click_tools, edit_tools  what clicks mean;               threshold_rules, growing, interactive, region_edits
    infer_request, clicks    what came from outside, checked
    placed_labels, label_answer, label_files, label_names, drafts
"""
