"""What is changed in the viewer's files when they are served: pieces of text, in the files that have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_LARGEST = 1_000_000

PET_OVER_CT = """getCommandsModule: getCommandsModule,
  getHangingProtocolModule: ({ servicesManager }) => {
    servicesManager.services.hangingProtocolService.addCustomAttribute('uptakeSuv', 'SUV 0 to 10', displaySets => {
      const pet = displaySets.find(each => each.Modality === 'PT');
      const scaling = pet && window.cornerstone.metaData.get('scalingModule', pet.images[0].imageId);
      return scaling && scaling.suvbw ? { windowWidth: 10, windowCenter: 5 } : undefined;
    });
    const only = modality => ({
      seriesMatchingRules: [
        { attribute: 'Modality', constraint: { equals: { value: modality } }, required: true },
        { attribute: 'isReconstructable', constraint: { equals: { value: true } }, required: true },
      ],
    });
    const labels = {
      type: 'hydrateseg', id: 'sameFORId', source: true, target: true, options: { matchingRules: ['sameFOR'] },
    };
    const colours = {
      name: 'hot_iron',
      // By SUV: soft tissue of the CT is seen through what is not hot.
      opacity: [{ value: 0, opacity: 0 }, { value: 1, opacity: 0.2 }, { value: 4, opacity: 0.7 }],
    };
    const plane = orientation => ({
      viewportOptions: {
        viewportId: 'pet-ct-' + orientation, viewportType: 'volume', toolGroupId: 'mpr', orientation,
        initialImageOptions: { preset: 'middle' }, syncGroups: [labels],
      },
      // The CT comes first: on it the panel has its answers, and segmentations are drawn.
      displaySets: [{ id: 'ct' }, { id: 'pet', options: { colormap: colours, voi: { custom: 'uptakeSuv' } } }],
    });
    const protocol = {
      id: 'uptakePetCt', name: 'PET over CT', protocolMatchingRules: [], imageLoadStrategy: 'nth',
      displaySetSelectors: { ct: only('CT'), pet: only('PT') },
      stages: [{
        name: 'three planes',
        viewportStructure: { layoutType: 'grid', properties: { rows: 1, columns: 3 } },
        viewports: ['axial', 'sagittal', 'coronal'].map(plane),
      }],
    };
    return [{ name: protocol.id, protocol }];
  }
});"""
"""The MONAI Label extension's end, with PET over CT in three planes as a layout of its own."""

SUBMIT = """const notice = (type, message) =>
        servicesManager.services.uiNotificationService.show({ title: 'Uptake', type, message });
      try {
        await dataSource.store.dicom(naturalizedReport);
      } catch (error) {
        const newer = error.status === 409 ? ' A newer label is there: open the study in a new tab to see it.' : '';
        notice('error', 'The label was not taken.' + newer);
        throw error;
      }
      notice('success', 'Submitted as a label');
      return naturalizedReport;"""
"""The end of "Export DICOM SEG": it says how it went, and adds no object to the study that has another UID here."""

KEPT_PANEL = """componentWillUnmount() {
    const { isDataReady, info, options } = this.state;
    if (isDataReady) MonaiLabelPanel.kept = { page: window.location.href, state: { isDataReady, info, options } };
  }
  async componentDidMount() {
    const kept = MonaiLabelPanel.kept;
    if (kept && kept.page === window.location.href) this.setState(kept.state);
    if (this.state.isDataReady) {
      return;
    }
    console.log('(Component Mounted)"""
"""The MONAI Label panel is made anew whenever its tab is opened: it keeps what it knew, and need not connect again."""

_MOUNTED = """async componentDidMount() {
    if (this.state.isDataReady) {
      return;
    }
    console.log('(Component Mounted)"""

_CHANGES: tuple[Mapping[str, str], ...] = (
    # Its mode has no way to save: it gets the panel of segmentations, whose "Export DICOM SEG" sends a label here.
    # It shows the CT alone: it gets PET over CT.
    {
        "rightPanels: [monailabel.monaiLabel]": (
            "rightPanels: [monailabel.monaiLabel, '@ohif/extension-cornerstone.panelModule.panelSegmentation']"
        ),
        "hangingProtocol: 'mpr',": "hangingProtocol: 'uptakePetCt',",
    },
    # Its extension has that layout; its panel keeps what it knew; the strategy that is chosen there was not heard.
    {
        "getCommandsModule: getCommandsModule\n});": PET_OVER_CT,
        _MOUNTED: KEPT_PANEL,
        "onChange: this.onChangeStrategy,": "onChange: event => this.setState({ strategy: event.target.value }),",
    },
    # "Export DICOM SEG" is called without a data source, and fails.
    {
        "segmentationId,\n      dataSource\n    })": (
            "segmentationId,\n      dataSource = extensionManager.getActiveDataSource()[0]\n    })"
        ),
        "await dataSource.store.dicom(naturalizedReport);": SUBMIT,
    },
)


def changed_files(folder: Path) -> dict[str, str]:
    """Files of a viewer that are served changed, by name; one that lacks a piece of text is served as it is."""
    changed: dict[str, str] = {}
    for path in folder.glob("*.bundle.*.js"):
        text = path.read_text("utf-8", errors="replace") if path.stat().st_size < _LARGEST else ""
        for pieces in _CHANGES:
            if all(piece in text for piece in pieces):
                for piece, other in pieces.items():
                    text = text.replace(piece, other)
                changed[path.name] = text
    return changed
