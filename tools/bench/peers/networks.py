"""The networks of the benchmarks and the adversarial step, as a careful PyTorch programmer writes them."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class LeNet4(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 64, 5), nn.Conv2d(64, 128, 5)
        self.fc, self.logits = nn.Linear(2048, 1024), nn.Linear(1024, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        f = F.relu(self.fc(torch.flatten(x, 1)))
        return self.logits(f), f


class NiN(nn.Module):
    def __init__(self):
        super().__init__()
        layers, width = [], 1
        for block in ([(5, 192), (1, 160), (1, 96)], [(5, 192), (1, 192), (1, 192)], [(3, 192), (1, 192)]):
            for size, filters in block:
                layers += [nn.Conv2d(width, filters, size, padding=size // 2), nn.ReLU(inplace=True)]
                width = filters
            if len(block) == 3:
                layers.append(nn.MaxPool2d(2))
        self.body = nn.Sequential(*layers)
        self.fc, self.logits = nn.Linear(192 * 49, 1024), nn.Linear(1024, 10)

    def forward(self, x):
        f = F.relu(self.fc(torch.flatten(self.body(x), 1)))
        return self.logits(f), f


class Block(nn.Module):
    def __init__(self, width_in, width, stride, projection):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width_in), nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(width_in, width, 1, stride, bias=False) if projection else None

    def forward(self, x):
        y = F.relu(self.norm1(x), inplace=True)
        short = x if self.shortcut is None else self.shortcut(y)
        return self.conv2(F.relu(self.norm2(self.conv1(y)), inplace=True)) + short


class ResNet(nn.Module):
    """Pre-activation basic blocks, 6n + 2 layers, a projection at the start of every stage."""

    def __init__(self, depth):
        super().__init__()
        n, width, blocks = (depth - 2) // 6, 16, []
        for stage, filters in enumerate((16, 32, 64)):
            for i in range(n):
                blocks.append(Block(width, filters, 2 if stage > 0 and i == 0 else 1, i == 0))
                width = filters
        self.conv, self.blocks = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.Sequential(*blocks)
        self.norm, self.logits = nn.BatchNorm2d(64), nn.Linear(64, 10)

    def forward(self, x):
        f = F.relu(self.norm(self.blocks(self.conv(x))), inplace=True).mean((2, 3))
        return self.logits(f), f


def discriminator(width):
    return nn.Sequential(
        nn.Linear(width, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1)
    )


def anc_step(student, width, configuration, batch):
    """A function of images and the teacher's word on them: D's phase, then the student's, and what ours measures."""
    student = configuration.prepared(student)
    critic = configuration.prepared(discriminator(width))
    make = lambda net: torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, weight_decay=2e-4)
    optimizers = make(student), make(critic)
    one, zero = torch.ones(batch, 1), torch.zeros(batch, 1)
    bce = F.binary_cross_entropy_with_logits
    sums = {}

    @torch.no_grad()
    def measure(**metrics):
        for name, value in metrics.items():
            sums[name] = sums.get(name, 0) + value  # stays a tensor: nothing waits for it

    @torch.no_grad()
    def verdicts(on_teacher, on_student, loss):
        measure(
            loss=loss.detach(),
            d_teacher=on_teacher.sigmoid().mean(),
            d_student=on_student.sigmoid().mean(),
            auc=(on_teacher > on_student.T).float().mean(),
        )

    @torch.no_grad()
    def gradients(features, adversarial, shown, logits, told, judged, data, fooled):
        rest = features.grad - adversarial
        norms = rest.norm(dim=1), adversarial.norm(dim=1)
        measure(
            data=data.detach(),
            fooled=fooled.detach(),
            dropped=judged.sigmoid().mean(),
            agreement=(logits.argmax(1) == told.argmax(1)).float().mean(),
            gradient_data=norms[0].mean(),
            gradient_adversarial=norms[1].mean(),
            cosine=((rest * adversarial).sum(1) / (norms[0] * norms[1]).clamp_min(1e-20)).mean(),
            features_student=features.norm(dim=1).mean(),
            features_teacher=shown.norm(dim=1).mean(),
        )

    def step(x, told, shown):
        with configuration.precision():
            logits, features = student(x)
            seen = features.detach()
            on_teacher, on_student = critic(shown), critic(seen)
        loss = bce(on_teacher, one) + bce(on_student, zero) + bce(on_student, one)  # Eq. 2 and Eq. 7
        optimizers[1].zero_grad()
        loss.backward()
        optimizers[1].step()
        verdicts(on_teacher, on_student, loss)
        features.retain_grad()
        with configuration.precision():
            judged = critic(F.dropout(features, 0.5))
        fooled = bce(judged, one)
        data = ((logits - told) ** 2).sum(1).mean()
        (adversarial,) = torch.autograd.grad(fooled, features, retain_graph=True)
        optimizers[0].zero_grad()
        (data + fooled).backward()
        optimizers[0].step()
        gradients(features, adversarial, shown, logits, told, judged, data, fooled)

    student.train()
    return step
