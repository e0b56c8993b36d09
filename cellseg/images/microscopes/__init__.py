"""Files of microscopes: Zeiss CZI, Nikon ND2, Leica LIF; their readers come with the extra `formats`."""
