"""PyTorch on the processor: training steps of two of Mien's networks, for `mien bench engine`.

Prints one JSON line: the engine with its memory format (the faster of two), milliseconds of each counted step, parameters.
Where Python has no torch: {"skipped": why and how to get it}. Benchmark only, never a dependency.
"""

import argparse
import json
import sys
import time

try:
    import torch
except ImportError:
    print(json.dumps({"skipped": f"{sys.executable} has no torch; on Debian: apt-get install python3-torch libopenblas0-pthread"}))
    sys.exit(0)

from torch import nn
from torch.nn import functional as F

CLASSES = 7


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


def resnet18_48():
    """ResNet-18 with a 3x3 stride-1 stem and no max-pool."""
    layers = [nn.Conv2d(1, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    channels_in = 64
    for stage, channels in enumerate([64, 128, 256, 512]):
        for block in range(2):
            layers.append(BasicBlock(channels_in, channels, 2 if stage > 0 and block == 0 else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES))


class SqueezeExcite(nn.Module):
    """x * sigmoid(W2 relu(W1 mean(x))), reduction 16, no biases."""

    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // 16, bias=False)
        self.fc2 = nn.Linear(channels // 16, channels, bias=False)

    def forward(self, x):
        gate = torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


def se_cnn_improved():
    """conv -> ReLU -> batch norm -> squeeze-and-excitation (-> max-pool) (-> dropout), four times; two dense stages."""
    layers = []
    channels_in = 1
    for channels, pool, drop in [(32, False, False), (64, True, True), (128, True, False), (128, True, True)]:
        layers += [nn.Conv2d(channels_in, channels, 3, 1, 1), nn.ReLU(inplace=True), nn.BatchNorm2d(channels), SqueezeExcite(channels)]
        layers += [nn.MaxPool2d(2)] if pool else []
        layers += [nn.Dropout(0.25)] if drop else []
        channels_in = channels
    layers.append(nn.Flatten())
    features = 128 * 6 * 6
    for units in (1024, 256):
        layers += [nn.Linear(features, units), nn.ReLU(inplace=True), nn.BatchNorm1d(units), nn.Dropout(0.5)]
        features = units
    return nn.Sequential(*layers, nn.Linear(features, CLASSES))


NETWORKS = {"resnet18-48": resnet18_48, "se-cnn-improved": se_cnn_improved}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def measure(name, batch, memory_format, steps):
    """Milliseconds of each step (forward, backward, Adam) and the number of trainable parameters."""
    torch.manual_seed(1)
    network = NETWORKS[name]().to(memory_format=memory_format).train()
    images = torch.randn(batch, 1, 48, 48).contiguous(memory_format=memory_format)
    targets = torch.arange(batch) % CLASSES
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(images), targets).backward()
        optimizer.step()
        times.append(1000 * (time.perf_counter() - began))
    return times, sum(p.numel() for p in network.parameters() if p.requires_grad)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=NETWORKS, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--warmups", type=int, default=2)
    parser.add_argument("--counted", type=int, default=9)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    best = None
    for label, memory_format in FORMATS.items():
        times, parameters = measure(options.model, options.batch, memory_format, options.warmups + options.counted)
        counted = times[options.warmups :]
        median = sorted(counted)[len(counted) // 2]
        print(f"{label}: {median:.0f} ms", file=sys.stderr)
        if best is None or median < best[0]:
            best = (median, {"engine": f"PyTorch {torch.__version__}, {label}", "steps": counted, "parameters": parameters})
    print(json.dumps(best[1]))


main()
